/** README.md and docs/ speak of what exists, and what exists stands there: commands, flags, topics, headers, metrics, exit codes, variables, files. */
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commandReference, ENVIRONMENT } from '../scripts/command-reference.js'
import { describeMetrics, describeServeMetrics } from '../scripts/metrics-table.js'
import { makeProgram } from './cli/program.js'
import { ExitCode } from './errors.js'
import {
  anchorsOf,
  type Document,
  parseDocument,
  ROOT,
  readDocument,
  readDocuments,
  repositoryFiles,
  sourceTexts,
} from './testing/documents.js'
import { deadLetterOf } from './wire/dead-letter.js'

const documents = readDocuments()
const everything = documents.map(({ text }) => text).join('\n')
const files = repositoryFiles()
const source = sourceTexts().join('\n')

const program = await makeProgram()
const commands = new Map(
  program.commands.map((command) => [command.name(), flagsOf(command.options)]),
)
/** Of commander itself. */
const EVERYWHERE = ['--help', '--version', '--no-create-topics']
const allFlags = new Set([...[...commands.values()].flat(), ...EVERYWHERE])

function flagsOf(options: readonly { long?: string | undefined; short?: string | undefined }[]) {
  return options.flatMap(({ long, short }) => [long, short]).filter((flag) => flag !== undefined)
}

/** What of each document is wrong, with its path. */
function faults(find: (document: Document) => Iterable<string>, among = documents): string[] {
  return among.flatMap((document) =>
    [...new Set(find(document))].map((f) => `${document.path}: ${f}`),
  )
}

function* matches(texts: Iterable<string>, pattern: RegExp): Generator<string[]> {
  for (const text of texts) for (const match of text.matchAll(pattern)) yield [...match]
}

const OURS = /(?:\bdepthline|node (?:--\S+ )*dist\/cli\.js) ([a-z]+)([^|&;#`]*)/g
/** A line or a span that begins with the name of another tool: its flags are its own. */
const OTHERS =
  /^\s*(?:\w+=\S+ )*(npm|npx|node|docker|acl|kafka-\S+|cp|rsync|git|psql|curl|sudo|apt\S*|brew|java|mvn|chromium|pkill|systemctl)\b/

function* wrongCommands({ code }: Document): Generator<string> {
  for (const [line = '', name = '', rest = ''] of matches(code, OURS)) {
    const flags = commands.get(name)
    if (flags === undefined) yield `no command in: ${line}`
    for (const [flag = ''] of matches([rest], /(?<=\s|^)--[a-z][a-z-]*/g)) {
      const isKnown = flags?.includes(flag) || EVERYWHERE.includes(flag)
      if (flags !== undefined && !isKnown) yield `${name} has no ${flag}`
    }
  }
}

function* unknownFlags({ code }: Document): Generator<string> {
  for (const text of code) {
    if (OTHERS.test(text) || text.search(OURS) >= 0) continue
    for (const [flag = ''] of text.matchAll(/(?<=^|[\s"[(])--[a-z][a-z-]+/g)) {
      if (allFlags.has(flag) || process.allowedNodeEnvironmentFlags.has(flag)) continue
      yield `no command has ${flag}: ${text}`
    }
  }
}

describe('commands and flags', () => {
  it('are all in docs/CLI.md, as they are: make docs', async () => {
    expect(await commandReference()).toBe(readDocument('docs/CLI.md').text)
  })

  it('exist where a document names them', () => {
    expect(faults(wrongCommands)).toEqual([])
    expect(faults(unknownFlags)).toEqual([])
  })

  it('are found wrong where they are', () => {
    const text =
      'x `depthline dance`, `depthline run --up` and `--nowhere`\n```\nmake x\ndepthline book --ticks 3 --down\n```\n'
    const wrong = parseDocument('x.md', text)
    expect([...wrongCommands(wrong)]).toEqual([
      'book has no --down',
      'no command in: depthline dance',
      'run has no --up',
    ])
    expect([...unknownFlags(wrong)]).toEqual(['no command has --nowhere: --nowhere'])
  })

  it('each command and make target that is named exists, and each command is in README.md', () => {
    const makefile = readFileSync(join(ROOT, 'Makefile'), 'utf8')
    const targets = new Set([...makefile.matchAll(/^([a-z][a-z-]*):/gm)].map(([, name]) => name))
    const missing = faults(function* ({ code }) {
      for (const [, names = ''] of matches(code, /(?:^|\s)make((?: [a-z][a-z-]*)+)/g)) {
        for (const name of names.trim().split(' '))
          if (!targets.has(name)) yield `no target ${name}`
      }
    })
    expect(missing).toEqual([])
    const readme = readDocument('README.md').text
    expect([...commands.keys()].filter((name) => !readme.includes(`depthline ${name}`))).toEqual([])
  })
})

describe('topics and headers', () => {
  const options = program.commands.flatMap((command) => command.options)
  const defaults = options
    .filter(({ flags }) => flags.includes('<topic>'))
    .map(({ defaultValue }) => defaultValue)
    .filter((name) => typeof name === 'string')
  const topics = new Set(defaults.flatMap((name) => [name, `${name}.progress`, `${name}-value`]))

  it('each topic that a document speaks of is one', () => {
    const missing = faults(function* ({ prose }) {
      for (const [, name = ''] of prose.matchAll(/\btopics? `([a-z][a-z.-]*)`/g)) {
        if (!topics.has(name)) yield `no topic ${name}`
      }
    })
    expect(missing).toEqual([])
    expect(defaults.filter((name) => !everything.includes(`\`${name}\``))).toEqual([])
  })

  const bytes = new Uint8Array(1)
  const rejection = { detail: '', topic: '', partition: 0, offset: '0', timestamp: '0', key: null }
  const ofLetters = deadLetterOf({ ...rejection, reason: 'too_large', value: bytes }).headers
  const [, made = ''] = /headers: Record<string, string> = \{\n(\s+tick:[\s\S]*?)\n\s+\}/.exec(
    source,
  )!
  const ofTicks = [...made.matchAll(/^\s+(\w+)[:,]/gm)].map(([, name]) => name!)
  // `headers.clock = 'held'` or `{ ...tick.headers, by_symbol: …`: those that are only there where they are true.
  const added = [...source.matchAll(/\.\.\.tick\.headers, (\w+): |\bheaders\.(\w+) = /g)].map(
    ([, assigned, joined]) => assigned ?? joined!,
  )
  const headers = new Set([...Object.keys(ofLetters), ...ofTicks, ...added])

  it('each header stands in a document', () => {
    expect(ofTicks).toContain('offsets')
    expect([...headers].filter((name) => !everything.includes(`\`${name}\``))).toEqual([])
  })

  it('each header in the table of docs/OPERATIONS.md is one', () => {
    const { text } = readDocument('docs/OPERATIONS.md')
    const [, table = ''] = text.split('## Headers of a tick')
    const [section = ''] = table.split('\n## ')
    const named = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name!)
    expect(named).toEqual(expect.arrayContaining(ofTicks))
    expect(named.filter((name) => !headers.has(name))).toEqual([])
  })
})

describe('metrics', () => {
  it('exist where a document names them, and each stands in one', async () => {
    const all = [...(await describeMetrics()), ...(await describeServeMetrics())]
    const names = new Set(all.map(({ name }) => name))
    const missing = faults(function* ({ code }) {
      for (const [name = ''] of matches(code, /\bdepthline_[a-z_]*[a-z]\b(?!_|\*)/g)) {
        if (!names.has(name.replace(/_(bucket|sum|count)$/, '')) && !names.has(name)) yield name
      }
    })
    expect(missing).toEqual([])
    const ours = [...names].filter((name) => name.startsWith('depthline_'))
    expect(ours.filter((name) => !everything.includes(`\`${name}\``))).toEqual([])
  })
})

describe('exit codes', () => {
  /** Those of the program, and of a second signal. */
  const codes = [...Object.values(ExitCode), 130, 143]

  it('are those of the table in docs/OPERATIONS.md', () => {
    const [, table = ''] = readDocument('docs/OPERATIONS.md').text.split('## Exit codes')
    const [section = ''] = table.split('\n## ')
    const listed = [...section.matchAll(/^\| ([\d, ]+) \|/gm)].flatMap(([, text]) =>
      text!.split(', '),
    )
    expect(listed.map(Number).sort((a, b) => a - b)).toEqual(codes.sort((a, b) => a - b))
  })

  it('exist where a document says with which one something ends', () => {
    const pattern = /\b(?:exits?|exit code|ends?(?: \w+)? with) (\d+)\b(?! [a-z]*s\b)/g
    // Of faults/ itself they are other ones.
    const ofProgram = documents.filter(({ path }) => !path.startsWith('docs/faults/'))
    const missing = faults(function* ({ prose }) {
      for (const [said, code] of prose.matchAll(pattern))
        if (!codes.includes(Number(code))) yield said
    }, ofProgram)
    expect(missing).toEqual([])
  })
})

describe('the environment', () => {
  const OF_OURS = /\b(?:KAFKA|DEPTHLINE|SCHEMA_REGISTRY)_[A-Z_]*[A-Z]|\bLOG_LEVEL\b|\bNO_COLOR\b/g
  /** Codes of errors look the same. */
  const ERRORS = /^KAFKA_(UNREACHABLE|FAILED|REFUSED)$/
  const isVariable = (name: string) => !ERRORS.test(name)
  const read = new Set((source.match(OF_OURS) ?? []).filter(isVariable))

  it('is all in docs/CLI.md, and nothing else is', () => {
    const documented = Object.keys(ENVIRONMENT).map((name) => name.replace(/_NAME$/, ''))
    expect([...read].sort()).toEqual(documented.sort())
  })

  it('is there where a document names it', () => {
    const scripts = files.filter((path) => /^(Makefile|scripts|docker|bench|faults|src)/.test(path))
    const used = new Set(
      scripts.flatMap((path) => readFileSync(join(ROOT, path), 'utf8').match(OF_OURS) ?? []),
    )
    const missing = faults(function* ({ text }) {
      for (const [name] of text.matchAll(OF_OURS)) {
        const known = name.replace(/^(DEPTHLINE_EXCHANGE_URL)_[A-Z]+$/, '$1')
        if (!read.has(known) && !used.has(name)) yield `nothing reads ${name}`
      }
    })
    expect(missing).toEqual([])
  })
})

describe('files and links', () => {
  const ROOMS = 'book|wire|oracle|jobs|kafka|exchanges|storage|metrics|web|cli|testing'
  const inRoom = new RegExp(`^(?:${ROOMS})/[a-z][a-z/-]*$`)
  const names = new Set(files.map((path) => basename(path)))

  function isThere(path: string): boolean {
    if (path.includes('*')) {
      const text = path.replace(/[.]/g, '\\.').replaceAll('*', '[^/]*')
      return files.some((file) => new RegExp(`^${text}`).test(file))
    }
    if (existsSync(join(ROOT, path))) return true
    return inRoom.test(path) && ['', '.ts'].some((end) => existsSync(join(ROOT, 'src', path + end)))
  }

  it('exist where a document names them', () => {
    const missing = faults(function* ({ code }) {
      for (const span of code) {
        const isPath = /^(src|docs|scripts|docker|schemas|bench|faults)\/[\w./*-]*$/.test(span)
        if ((isPath || inRoom.test(span)) && !isThere(span)) yield span
        const isName = /^[a-z][\w-]*(\.test|\.property\.test|\.integration\.test)?\.(ts|sh)$/.test(
          span,
        )
        if (isName && !names.has(span)) yield span
      }
    })
    expect(missing).toEqual([])
  })

  it('lead somewhere, to a heading that is there', () => {
    const missing = faults(function* ({ path, prose }) {
      for (const [, target = ''] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target)) continue
        const [file = '', anchor] = target.split('#')
        const found = file === '' ? path : join(path, '..', file)
        if (!existsSync(join(ROOT, found))) yield target
        else if (anchor !== undefined && !anchorsOf(readDocument(found)).includes(anchor))
          yield target
      }
    })
    expect(missing).toEqual([])
  })
})
