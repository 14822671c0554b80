/** Where a command's data goes: standard output, or a file that appears whole. */
import { once } from 'node:events'
import { createWriteStream, rmSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { DepthlineError } from '../errors.js'

export interface TextOutput {
  write(text: string): Promise<void>
  /** Makes the file appear under its name; standard output needs nothing. */
  finish(): Promise<void>
  /** Takes away what was written so far of a file. */
  discard(): Promise<void>
}

export const standardOutput: TextOutput = {
  write: (text) => writeTo(process.stdout, text),
  async finish() {},
  async discard() {},
}

/**
 * Writes beside the file under the name `.partial` and renames at the end, so
 * that nobody ever reads half a file.
 *
 * @throws DepthlineError FILE_FAILED
 */
export async function fileOutput(path: string): Promise<TextOutput> {
  const partial = `${path}.partial`
  const failed = (cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause)
    return new DepthlineError('FILE_FAILED', `cannot write ${path}: ${reason}`, { cause })
  }
  const stream = createWriteStream(partial)
  let failure: unknown
  stream.on('error', (error) => {
    failure = error
  })
  await once(stream, 'open').catch((error) => {
    throw failed(error)
  })
  // A process that ends early (its reader went away, a second signal) leaves no half file either.
  const cleanUp = () => rmSync(partial, { force: true })
  process.on('exit', cleanUp)
  return {
    async write(text) {
      if (failure !== undefined) throw failed(failure)
      await writeTo(stream, text).catch((error) => {
        throw failed(error)
      })
    },
    async finish() {
      try {
        stream.end()
        if (!stream.closed) await once(stream, 'close')
        if (failure !== undefined) throw failure
        await rename(partial, path)
        process.off('exit', cleanUp)
      } catch (error) {
        throw failed(error)
      }
    },
    async discard() {
      stream.destroy()
      await rm(partial, { force: true })
    },
  }
}

async function writeTo(stream: Writable, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, 'drain')
}
