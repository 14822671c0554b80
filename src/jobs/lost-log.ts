/** The error for an input that is not the one that was read before. */
import { DepthlineError } from '../errors.js'

/**
 * @param found what says so, with topic, partition and offsets
 * @param flags what names another job
 */
export function lostLog(found: string, flags = '--job, --output'): DepthlineError {
  return new DepthlineError(
    'LOG_LOST',
    `${found}: this is not the log that was read before. Give the old one back, or start a new job (${flags})`,
  )
}
