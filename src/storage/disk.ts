/** What `doctor` asks of the disk that snapshots are on. */
import { access, constants, stat, statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

export interface DiskFacts {
  readonly freeBytes?: number
  /** Why nothing can be written there. */
  readonly unwritable?: string
}

/** Looks at the folder, or where it does not exist yet at the one in which it would be made. */
export async function inspectDisk(folder: string): Promise<DiskFacts> {
  let place = resolve(folder)
  for (;;) {
    try {
      if (!(await stat(place)).isDirectory()) return { unwritable: `${place} is no folder` }
      await access(place, constants.W_OK | constants.X_OK)
      const { bavail, bsize } = await statfs(place)
      return { freeBytes: bavail * bsize }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT' || dirname(place) === place) return { unwritable: message }
      place = dirname(place)
    }
  }
}

export async function fileBytes(path: string): Promise<number> {
  return (await stat(path)).size
}
