/** Calls into KafkaJS that fail or never end, in our terms. */
import { DepthlineError } from '../errors.js'

const PARTING_LIMIT_MS = 700

/** Waits for a parting call that may fail or hang without anything being lost by it. */
export async function quietly(call: Promise<unknown>): Promise<void> {
  await within(PARTING_LIMIT_MS, call, 'leaving').catch(() => {})
}

/**
 * Gives a call into KafkaJS a time limit, for its promises can stay pending for ever.
 *
 * @throws DepthlineError KAFKA_UNREACHABLE, retriable, when the time is up
 */
export function within<T>(ms: number, call: Promise<T>, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const message = `${what}: no answer within ${ms / 1000} s`
      reject(new DepthlineError('KAFKA_UNREACHABLE', message, { retriable: true }))
    }, ms)
    call.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

/** The second is what Kafka says of the other topics of a transaction where it refuses one of them. */
const REFUSALS = /_AUTHORIZATION_FAILED$|^OPERATION_NOT_ATTEMPTED$/

/** A KafkaJS error in our terms; retriable where the same call may succeed later. */
export function kafkaError(error: unknown, what: string): DepthlineError {
  if (error instanceof DepthlineError) return error
  const type = protocolErrorOf(error)
  if (REFUSALS.test(type ?? '')) {
    return refused(what, type, error)
  }
  if (type === 'INVALID_TIMESTAMP') {
    const message = `${what}: the broker refuses a time so far from its own: set this machine's clock right (message.timestamp.after.max.ms)`
    return new DepthlineError('CLOCK_REFUSED', message, { cause: error })
  }
  return new DepthlineError('KAFKA_FAILED', `${what}: ${rootMessage(error)}`, {
    cause: error,
    retriable: true,
  })
}

/** @param said what Kafka said */
export function refused(what: string, said: string | undefined, cause: unknown): DepthlineError {
  const message = `${what}: Kafka does not let this user do that (${said}): docs/ACLS.md lists what each command needs`
  return new DepthlineError('KAFKA_REFUSED', message, { cause })
}

/** The `type` of the Kafka protocol error behind an error of KafkaJS, such as MESSAGE_TOO_LARGE. */
export function protocolErrorOf(error: unknown): string | undefined {
  for (const { type } of causesOf(error) as Iterable<{ type?: unknown }>) {
    if (typeof type === 'string') return type
  }
  return undefined
}

/** KafkaJS wraps what went wrong once for every retry; the innermost error is the one to show. */
export function rootMessage(error: unknown): string {
  let message = String(error)
  for (const cause of causesOf(error)) message = cause.message
  return message
}

/** From the outside in; of several errors at once, which making topics gives, the first. */
function* causesOf(error: unknown): Generator<Error> {
  for (let cause = error; cause instanceof Error; ) {
    yield cause
    const { errors } = cause as { errors?: readonly unknown[] }
    cause = errors?.[0] ?? cause.cause
  }
}
