/** A patch to KafkaJS: its queue of requests sets no timers where nothing waits in it. */
import { createRequire } from 'node:module'

/** What is used of KafkaJS's `RequestQueue`, of which each connection has one. */
interface RequestQueue {
  readonly pending: readonly unknown[]
  scheduleCheckPendingRequests(): void
}

const PATH = 'kafkajs/src/network/requestQueue'
const METHOD = 'scheduleCheckPendingRequests'
const GUARDED = Symbol.for('depthline.idle-guard')

/**
 * Keeps idle connections idle. After each answer KafkaJS sets a timer for the end of a
 * throttling, also where there is none: the time is negative then, fires after a millisecond
 * and sets the next, for ever, which costs 4 % of a core. Where requests are pending, all goes
 * as before; one that is queued later sets its timer itself.
 *
 * @throws Error where the installed KafkaJS is another than the one that this was made for
 */
export function guardIdleQueues(): void {
  const queue = requestQueuePrototype()
  const original = queue[METHOD]
  if (GUARDED in original) return
  assertKnown(original)
  const guarded = function (this: RequestQueue): void {
    if (this.pending.length > 0) original.call(this)
  }
  queue[METHOD] = Object.assign(guarded, { [GUARDED]: true })
}

function requestQueuePrototype(): RequestQueue {
  let Queue: { readonly prototype?: Partial<RequestQueue> }
  try {
    Queue = createRequire(import.meta.url)(PATH)
  } catch (cause) {
    throw unexpected(`${PATH} cannot be loaded`, cause)
  }
  const { prototype } = Queue
  if (typeof prototype?.[METHOD] !== 'function') throw unexpected(`${PATH} has no ${METHOD}`)
  return prototype as RequestQueue
}

/** Another version may count on the timer, or need no guard; what was read is what is wrapped. */
function assertKnown(method: () => void): void {
  const source = String(method)
  const parts = ['this.throttledUntil - Date.now()', 'this.pending.length > 0', 'setTimeout']
  if (parts.every((part) => source.includes(part))) return
  throw unexpected(`${METHOD} of ${PATH} does something else than it did`)
}

function unexpected(what: string, cause?: unknown): Error {
  const message = `${what}: KafkaJS is not the version 2.2.4 that src/kafka/idle-guard.ts was made for`
  return new Error(message, { cause })
}
