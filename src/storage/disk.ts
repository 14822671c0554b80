/** What `doctor` asks of the disk that snapshots are on. */
import { mkdtemp, rmdir, stat, statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

export interface DiskFacts {
  readonly freeBytes?: number
  /** Why nothing can be written there. */
  readonly unwritable?: string
}

/** Looks at the folder, or where it does not exist yet at the one in which it would be made. */
export async function inspectDisk(folder: string): Promise<DiskFacts> {
  const place = await nearestFolder(resolve(folder))
  try {
    if (!(await stat(place)).isDirectory()) return { unwritable: `${place} is no folder` }
    // Permissions alone do not tell: root may do anything, but not on a read-only disk.
    await rmdir(await mkdtemp(join(place, '.depthline-')))
    const { bavail, bsize } = await statfs(place)
    return { freeBytes: bavail * bsize }
  } catch (error) {
    return { unwritable: (error as Error).message }
  }
}

async function nearestFolder(path: string): Promise<string> {
  try {
    await stat(path)
    return path
  } catch {
    return dirname(path) === path ? path : nearestFolder(dirname(path))
  }
}

export async function fileBytes(path: string): Promise<number> {
  return (await stat(path)).size
}
