/** README and docs as what they say: code, links and headings, each with its place. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** Made here, or of others. */
const NOT_OURS = /^(node_modules|dist|\.git|\.kafka|artifacts)$/

export interface Document {
  /** Relative to the repository. */
  readonly path: string
  readonly text: string
  /** What stands between backticks, and each line of a fenced block. */
  readonly code: readonly string[]
  /** Everything outside of fenced blocks. */
  readonly prose: string
}

/** Each Markdown file of the top folder and of docs/. */
export function readDocuments(): Document[] {
  const inDocs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
  const paths = [...readdirSync(ROOT), ...inDocs.map((path) => join('docs', path))]
  return paths.filter((path) => path.endsWith('.md')).map(readDocument)
}

export function readDocument(path: string): Document {
  return parseDocument(path, readFileSync(join(ROOT, path), 'utf8'))
}

export function parseDocument(path: string, text: string): Document {
  const blocks = [...text.matchAll(/^```[^\n]*\n([\s\S]*?)^```/gm)].map(([, block]) => block!)
  const prose = text.replace(/^```[^\n]*\n[\s\S]*?^```/gm, '')
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span]) => span!)
  return { path, text, prose, code: [...blocks.flatMap((block) => block.split('\n')), ...spans] }
}

/** The anchors of a document's headings, as GitHub makes them. */
export function anchorsOf({ prose }: Document): string[] {
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** Every file of the repository, relative to it. */
export function repositoryFiles(folder = ROOT): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (NOT_OURS.test(entry.name)) return []
    const path = join(folder, entry.name)
    return entry.isDirectory() ? repositoryFiles(path) : [relative(ROOT, path)]
  })
}

/** The source without its tests and comments. */
export function sourceTexts(): string[] {
  return repositoryFiles(join(ROOT, 'src'))
    .filter((path) => /\.ts$/.test(path) && !/\.test\.ts$|^src\/testing/.test(path))
    .map((path) => readFileSync(join(ROOT, path), 'utf8'))
    .map((text) => text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, ''))
}
