/** Where a command's data comes from: a file or standard input, in pieces. */
import type { Readable } from 'node:stream'
import { DepthlineError } from '../errors.js'

/**
 * The bytes of a stream; ends early, and quietly, when `signal` aborts.
 *
 * @param name of the file, for the error
 * @throws DepthlineError FILE_FAILED, when it is read from
 */
export function readPieces(
  input: Readable,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  // A file may turn out to be missing before the first read, which then throws.
  input.on('error', () => {})
  return pieces(input, name, signal)
}

async function* pieces(
  input: Readable,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  signal.addEventListener('abort', () => input.destroy())
  try {
    yield* input as AsyncIterable<Uint8Array>
  } catch (cause) {
    if (signal.aborted) return
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new DepthlineError('FILE_FAILED', `cannot read ${name}: ${reason}`, { cause })
  }
}
