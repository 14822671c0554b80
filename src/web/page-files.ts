/** The page's files, read once: what is not among them cannot be asked for. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'

const PAGE = join(import.meta.dirname, 'page')
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
}

export interface PageFile {
  readonly bytes: Uint8Array
  readonly type: string
  /** Changes with the bytes. */
  readonly etag: string
}

/** @returns the files by the path under which they are asked for */
export async function readPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const uplot = dirname(createRequire(import.meta.url).resolve('uplot'))
  const files = new Map([
    ...(await filesOf(PAGE, '/page/')),
    ...(await filesOf(uplot, '/vendor/uplot/')),
  ])
  const index = files.get('/page/index.html')
  if (index !== undefined) files.set('/', index)
  return files
}

/** Of a folder without those below it. */
async function filesOf(folder: string, prefix: string): Promise<[string, PageFile][]> {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name)
  return Promise.all(
    names
      .filter((name) => TYPES[extname(name)] !== undefined)
      .map(async (name): Promise<[string, PageFile]> => {
        const bytes = await readFile(join(folder, name))
        const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 27)}"`
        return [`${prefix}${name}`, { bytes, type: TYPES[extname(name)]!, etag }]
      }),
  )
}
