/** Folders and files that survive a power cut, and errors that name them. */
import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DepthlineError } from '../errors.js'

/** Node's own recursive mkdir never returns where a parent can never be made, as in /proc. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    if (isThere(error)) return
    if (!isMissing(error) || dirname(path) === path) throw error
    await makeFolder(dirname(path))
    await mkdir(path).catch((again) => {
      if (!isThere(again)) throw again
    })
  }
}

/** A rename or a new name is only certain after this; of a file, its bytes. */
export async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** @throws DepthlineError FILE_FAILED that says what could not be done with the path */
export async function attempt<T>(path: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    throw fileFailed(path, error)
  }
}

export function fileFailed(path: string, cause: unknown): DepthlineError {
  if (cause instanceof DepthlineError) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new DepthlineError('FILE_FAILED', `${path}: ${reason}`, { cause })
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function isThere(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST'
}
