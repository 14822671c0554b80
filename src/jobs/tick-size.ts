/** What made a tick too large, which only the job that printed it knows. */
import { DepthlineError } from '../errors.js'

/** Where the error says that the message is too large, one that says what it is made of; else the error itself. */
export function withTickSize(error: unknown, printed: { describeSize(): string }): unknown {
  if (!(error instanceof DepthlineError && error.code === 'TICK_TOO_LARGE')) return error
  return new DepthlineError(
    'TICK_TOO_LARGE',
    `${error.message}: ${printed.describeSize()}; lower --levels or raise the topic's limit`,
    { cause: error },
  )
}
