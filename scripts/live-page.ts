/** Builds docs/live/index.html, the live page in one file that asks for nothing else: `make live-page`. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const ROOT = new URL('../', import.meta.url)
export const LIVE_PAGE = new URL('docs/live/index.html', ROOT)
const STYLES = [
  'web/page/colours.css',
  'web/page/style.css',
  'web/page/ladder.css',
  'live/style.css',
]

/** The page's text; the same sources give the same text. */
export async function livePage(): Promise<string> {
  const style = STYLES.map((path) => readSource(path)).join('')
  const script = await bundle()
  // The browser holds the file to it: nothing runs but this script, and nothing is asked for.
  const policy = `default-src 'none'; script-src '${hashOf(script)}'; style-src '${hashOf(style)}'; form-action 'none'; base-uri 'none'`
  const parts: Record<string, string> = {
    POLICY: policy,
    '<!-- STYLE -->': `<style>${style}</style>`,
    '<!-- SCRIPT -->': `<script>${script}</script>`,
  }
  return readSource('live/index.html').replace(
    /<!-- STYLE -->|<!-- SCRIPT -->|POLICY/g,
    (name) => parts[name]!,
  )
}

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [pathOf('live/main.ts')],
    alias: { 'node:crypto': pathOf('live/no-crypto.ts') },
    bundle: true,
    format: 'iife',
    minify: true,
    platform: 'browser',
    target: 'es2023',
    write: false,
  })
  return outputFiles[0]!.text
}

function readSource(path: string): string {
  return readFileSync(pathOf(path), 'utf8')
}

function pathOf(path: string): string {
  return fileURLToPath(new URL(`src/${path}`, ROOT))
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(new URL('./', LIVE_PAGE), { recursive: true })
  writeFileSync(LIVE_PAGE, await livePage())
}
