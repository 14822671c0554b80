/** The documents lead to what is there, and what is made of them is made of them as they stand. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { diagrams } from '../../scripts/diagrams.js'

const ROOT = new URL('../../', import.meta.url)
const DOCUMENTS = [
  ...['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'output/README.md', 'bench/README.md'],
  ...readdirSync(new URL('docs/', ROOT))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8')

describe('documents', () => {
  it.each(DOCUMENTS)('%s links only to what is there', (path) => {
    const links = [...read(path).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
    const missing = links
      .filter((link) => !/^(https?:|#)/.test(link))
      .filter((link) => !existsSync(new URL(link.replace(/#.*/, ''), new URL(path, ROOT))))
    expect(missing).toEqual([])
  })

  it.each(DOCUMENTS)('%s names only targets that the Makefile has', (path) => {
    const targets = new Set([...read('Makefile').matchAll(/^([a-z-]+):/gm)].map(([, name]) => name))
    const named = [...read(path).matchAll(/`(?:[A-Z_]+=\S+ )*make ([a-z-]+)/g)].map(
      ([, name]) => name,
    )
    expect(named.filter((name) => !targets.has(name))).toEqual([])
  })

  it('have a row for each statement of the two briefs', () => {
    const rows = [...read('README.md').matchAll(/^\| ([PC]\d) \|/gm)].map(([, name]) => name)
    const statements = ['P', 'C'].flatMap((brief) =>
      Array.from({ length: 9 }, (_, at) => `${brief}${at + 1}`),
    )
    expect(rows).toEqual(statements)
  })
})

describe('diagrams', () => {
  it.each(diagrams())('$name is drawn from what the document says', ({ name, file, mark }) => {
    const svg = existsSync(file) ? readFileSync(file, 'utf8') : ''
    expect(svg.startsWith(mark), `${name} is old: run \`make diagrams\``).toBe(true)
  })

  it('have a name of their own each', () => {
    const names = diagrams().map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })
})

describe('the slides', () => {
  it('are built from docs/PRESENTATION.md as it stands', () => {
    const source = createHash('sha256').update(read('docs/PRESENTATION.md')).digest('hex')
    const isFresh = read('docs/slides/depthline.html')
      .trimEnd()
      .endsWith(`<!-- source ${source} -->`)
    expect(isFresh, 'docs/slides is old: run `make slides`').toBe(true)
  })
})
