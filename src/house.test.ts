/** The house rules that a machine can check: who imports whom, what the pure rooms hold, and sizes. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'

const SOURCE = import.meta.dirname

/** Room → the rooms it may import; docs/ARCHITECTURE.md draws the same. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  book: ['book'],
  wire: ['wire', 'book'],
  oracle: ['oracle'],
  jobs: ['jobs', 'oracle', 'wire', 'book'],
  kafka: ['kafka', 'wire', 'book'],
  exchanges: ['exchanges', 'wire', 'book'],
  storage: ['storage', 'wire', 'book'],
  metrics: ['metrics', 'wire', 'book'],
  web: ['web', 'wire', 'book'],
  /** It runs in a browser: whatever it took from the server's rooms would not be there. */
  page: ['page'],
  /** The pure rooms in a browser, without Kafka and without a server. */
  live: ['live', 'page', 'jobs', 'wire', 'book'],
  cli: [
    'cli',
    'jobs',
    'oracle',
    'kafka',
    'exchanges',
    'storage',
    'metrics',
    'web',
    'wire',
    'book',
    'config',
  ],
  'cli.ts': ['cli'],
  config: [],
  errors: [],
}
const PACKAGES: Record<string, readonly string[]> = {
  book: ['sorted-btree'],
  wire: ['node:crypto', 'avsc'],
  oracle: ['node:crypto'],
  jobs: [],
  kafka: [
    'kafkajs',
    'node:crypto',
    'node:v8',
    'node:worker_threads',
    'node:timers/promises',
    ...['node:module', 'node:util', 'node:zlib'],
    '@kafkajs/confluent-schema-registry',
  ],
  exchanges: ['node:crypto'],
  metrics: ['prom-client'],
  storage: [
    ...['node:fs', 'node:fs/promises', 'node:path', 'node:crypto', 'node:timers/promises'],
    ...['@duckdb/node-api', 'pg'],
  ],
  web: [
    ...['fastify', 'prom-client', 'node:crypto', 'node:fs/promises', 'node:http'],
    ...['node:module', 'node:net', 'node:path'],
  ],
  // As the browser asks for it.
  page: ['/vendor/uplot/uPlot.esm.js'],
  live: [],
}
const PURE = ['book', 'wire', 'oracle', 'jobs']
const WORLD =
  /\b(Date\.now|new Date\(\)|performance\.|Math\.random|process\.|console\.|setTimeout|setInterval|setImmediate|fetch\(|Buffer\b|require\()/

/** Avro's library speaks in Buffers, which are bytes and no world: one file of `wire` turns them into Uint8Arrays. */
const MAY_USE_BUFFERS = 'wire/avro-types.ts'

interface SourceFile {
  readonly path: string
  readonly room: string
  readonly text: string
}

const files = sourceFiles()

describe('the house', () => {
  it('imports only as the table allows', () => {
    const wrong: string[] = []
    for (const { path, room, text } of files) {
      for (const imported of importsOf(text)) {
        if (imported.startsWith('.')) {
          const target = roomOf(relative(SOURCE, join(SOURCE, path, '..', imported)))
          const allowed = [...(MAY_IMPORT[room] ?? []), 'errors']
          if (!allowed.includes(target)) wrong.push(`${path} imports ${imported}`)
        } else if (PACKAGES[room] !== undefined && !PACKAGES[room].includes(imported)) {
          wrong.push(`${path} imports ${imported}`)
        }
      }
    }
    expect(wrong).toEqual([])
  })

  it('knows every room', () => {
    expect(files.filter(({ room }) => MAY_IMPORT[room] === undefined).map((f) => f.path)).toEqual(
      [],
    )
  })

  it('keeps clock, randomness, environment and console out of the pure rooms', () => {
    const wrong = files
      .filter(({ room }) => PURE.includes(room))
      .filter(({ path, text }) => {
        const code = withoutComments(text)
        return WORLD.test(path === MAY_USE_BUFFERS ? code.replace(/\bBuffer\b/g, '') : code)
      })
    expect(wrong.map(({ path }) => path)).toEqual([])
  })

  it('fetches from exchanges in their room alone, from the schema registry in that of Kafka, and in the browser', () => {
    const wrong = files
      .filter(({ room }) => !['exchanges', 'kafka', 'page'].includes(room))
      .filter(({ text }) => /\bfetch\(/.test(withoutComments(text)))
    expect(wrong.map(({ path }) => path)).toEqual([])
  })

  it('gives text from outside to the pages as text alone', () => {
    const markup =
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(|new Function/
    const wrong = files.filter(
      ({ room, text }) => ['page', 'live'].includes(room) && markup.test(text),
    )
    expect(wrong.map(({ path }) => path)).toEqual([])
  })

  it('opens every file with one sentence that says what it is', () => {
    const wrong = files.filter(({ text }) => !/^(#!.*\n)?\/\*\* [^\n]+\.( \*\/)?\n/.test(text))
    expect(wrong.map(({ path }) => path)).toEqual([])
  })

  it('keeps files under 250 lines and has no default exports', () => {
    const wrong = files.filter(
      ({ text }) => text.split('\n').length > 250 || /^export default/m.test(text),
    )
    expect(wrong.map(({ path }) => path)).toEqual([])
  })
})

function sourceFiles(): SourceFile[] {
  const names = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  return names
    .filter((path) => /\.(ts|js|css)$/.test(path) && !path.endsWith('.test.ts'))
    .filter((path) => !path.startsWith('testing'))
    .map((path) => ({
      path,
      room: roomOf(path),
      text: readFileSync(join(SOURCE, path), 'utf8'),
    }))
}

/** The folder right under src; a file there is a room of its own, cli.ts differs from cli/, and the page from its server. */
function roomOf(path: string): string {
  if (path.startsWith('web/page/')) return 'page'
  const [first = ''] = path.split('/')
  if (first === 'cli.ts') return first
  return basename(first).replace(/\.(ts|js)$/, '')
}

function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:from |import |import\()'([^']+)'/g)].map((match) => match[1]!)
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '')
}
