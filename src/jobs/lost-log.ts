/** The error for an input that is not the one that was read before. */
import { DepthlineError } from '../errors.js'

/** @param found what says so, with topic, partition and offsets */
export function lostLog(found: string): DepthlineError {
  return new DepthlineError(
    'LOG_LOST',
    `${found}: this is not the log that was read before. Give the old one back, or start a new job (--job, --output)`,
  )
}
