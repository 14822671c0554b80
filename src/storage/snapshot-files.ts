/** Snapshots as files in a folder: each appears whole, and the two newest are kept. */
import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DepthlineError } from '../errors.js'
import { isMissing, makeFolder, sync } from './durable-files.js'

const GENERATIONS = 2
const SNAPSHOT = /^(\d{1,15})\.snapshot$/
const PARTIAL = '.partial'
/** A writer adds to its file many times a second: one that lay untouched for so long has none. */
const STALE_MS = 120_000
const READ_BYTES = 1024 * 1024

/** A file `<tick>.snapshot`. */
interface SnapshotFile {
  readonly tick: number
  readonly name: string
}

/**
 * A folder of snapshots; it need not exist yet. Several processes may share it: each
 * writes under a name of its own, and renaming puts a whole file in place of another.
 *
 * All methods throw DepthlineError FILE_FAILED with the path, but for `discard`.
 */
export function openSnapshotFiles(folder: string) {
  return {
    name: folder,
    async list() {
      const files = await filesIn(folder)
      return files.map(({ tick, name }) => ({ tick, name, read: () => readPieces(name) }))
    },
    async create() {
      await attempt(folder, () => makeFolder(folder))
      await removeStale(folder)
      const path = join(folder, `${randomUUID()}${PARTIAL}`)
      return new SnapshotFileDraft(folder, path, await attempt(path, () => open(path, 'wx')))
    },
  }
}

class SnapshotFileDraft {
  readonly #folder: string
  readonly #path: string
  readonly #file: FileHandle

  constructor(folder: string, path: string, file: FileHandle) {
    this.#folder = folder
    this.#path = path
    this.#file = file
  }

  write(bytes: Uint8Array): Promise<void> {
    return attempt(this.#path, () => this.#file.writeFile(bytes))
  }

  /** Once this is done, neither a crash nor a power cut takes the snapshot away. */
  async publish(tick: number): Promise<void> {
    const path = join(this.#folder, `${tick}.snapshot`)
    await attempt(this.#path, async () => {
      await this.#file.sync()
      await this.#file.close()
    })
    await attempt(path, () => rename(this.#path, path))
    await attempt(this.#folder, () => sync(this.#folder))
    // What is newer is another process's, or nobody's, and takes the place of none of ours.
    const ours = (await filesIn(this.#folder)).filter((file) => file.tick <= tick)
    for (const { name } of ours.slice(GENERATIONS)) await rm(name, { force: true }).catch(() => {})
  }

  async discard(): Promise<void> {
    await this.#file.close().catch(() => {})
    await rm(this.#path, { force: true }).catch(() => {})
  }
}

/** Newest first; none where the folder does not exist. */
async function filesIn(folder: string): Promise<SnapshotFile[]> {
  const names = await namesIn(folder)
  return names
    .flatMap((name) => {
      const match = SNAPSHOT.exec(name)
      return match === null ? [] : [{ tick: Number(match[1]), name: join(folder, name) }]
    })
    .sort((a, b) => b.tick - a.tick)
}

/** Takes away what processes left that ended while they wrote. */
async function removeStale(folder: string): Promise<void> {
  const partials = (await namesIn(folder)).filter((name) => name.endsWith(PARTIAL))
  for (const path of partials.map((name) => join(folder, name))) {
    // One that cannot be removed, or that its writer has just renamed, is in nobody's way.
    await removeIfStale(path).catch(() => {})
  }
}

async function removeIfStale(path: string): Promise<void> {
  const { mtimeMs } = await stat(path)
  if (Date.now() - mtimeMs > STALE_MS) await rm(path, { force: true })
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isMissing(error)) return []
    throw failed(folder, error)
  }
}

async function* readPieces(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: READ_BYTES })
  } catch (error) {
    throw failed(path, error)
  }
}

async function attempt<T>(path: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    throw failed(path, error)
  }
}

function failed(path: string, cause: unknown): DepthlineError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new DepthlineError('FILE_FAILED', `snapshot file ${path}: ${reason}`, { cause })
}
