/** Judges the dead letters of a commit: each rejected record exactly once, unchanged, with its place. */
import { createHash } from 'node:crypto'
import type { DeadLetter } from '../../wire/records.js'
import { INPUT_START_MS, TOPIC } from './input-log.js'
import type { Rejected } from './oracle-books.js'
import type { World } from './world.js'

/** Without keys these two depend on which partition came first; all others only on the record. */
const BY_ORDER = ['symbol_changed', 'order_already_closed']

/** Where every tick comes too late, progress and dead letters go without one. */
const LATEST_MS = 12_000

/** Only where nothing else is wrong can it be said how soon a dead letter must be there. */
export function judgeDelays({ plan, broker }: World): string[] {
  if (!plan.faults.has('sluggishness') || plan.faults.size > 1) return []
  for (const { writes, committedAt } of broker.committed) {
    for (const { headers } of writes.deadLetters) {
      const waited = committedAt - (Number(headers.timestamp) - INPUT_START_MS)
      if (waited > LATEST_MS)
        return [`the dead letter of ${headers.partition}:${headers.offset} came after ${waited} ms`]
    }
  }
  return []
}

interface Letters {
  readonly letters: readonly DeadLetter[]
  /** What the oracle rejects of the same stretch of the input. */
  readonly rejected: readonly Rejected[]
  /** Places of all dead letters before. */
  readonly seen: Set<string>
}

export function judgeDeadLetters(world: World, { letters, rejected, seen }: Letters) {
  const expected = new Map(rejected.map((one) => [`${one.partition}:${one.record.offset}`, one]))
  for (const letter of letters) {
    const { partition, offset, reason } = letter.headers
    const place = `${partition}:${offset}`
    if (seen.has(place)) return `a second dead letter of ${place}`
    seen.add(place)
    const one = expected.get(place) ?? byOrder(world, letter)
    if (one === undefined) return `a dead letter of ${place}, which is not rejected: ${reason}`
    const wrong = judgeLetter(world, letter, one)
    if (wrong !== undefined) return `the dead letter of ${place}: ${wrong}`
    expected.delete(place)
  }
  for (const [place, { reason }] of expected) {
    if (world.plan.isKeyed || !BY_ORDER.includes(reason))
      return `no dead letter of ${place}: ${reason}`
  }
  return undefined
}

/** What another order of arrival may have rejected. */
function byOrder({ plan, input }: World, { headers }: DeadLetter): Rejected | undefined {
  const { reason = '', partition, offset } = headers
  if (plan.isKeyed || !BY_ORDER.includes(reason)) return undefined
  const record = input.history[Number(partition)]?.find((other) => other.offset === offset)
  return record === undefined ? undefined : { partition: Number(partition), record, reason }
}

function judgeLetter({ plan }: World, { key, value, headers }: DeadLetter, one: Rejected) {
  const { partition, record, reason } = one
  const { topic, timestamp } = headers
  const isSameReason = headers.reason === reason
  if (!isSameReason && (plan.isKeyed || !BY_ORDER.includes(reason))) {
    return `its reason is ${headers.reason}, not ${reason}`
  }
  if (topic !== TOPIC || headers.partition !== String(partition)) return 'its place is wrong'
  if (timestamp !== record.timestamp) return 'its time is wrong'
  if (!isEqual(key, record.key)) return 'its key is another'
  if (reason !== 'too_large')
    return isEqual(value, record.value) ? undefined : 'its value is another'
  const sha256 = createHash('sha256').update(record.value!).digest('hex')
  if (headers.sha256 !== sha256 || headers.length !== String(record.value!.length))
    return 'its hash'
  return isEqual(value, record.value!.subarray(0, 1024)) ? undefined : 'its first KiB is another'
}

function isEqual(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return a === b
  return a === b || Buffer.compare(a, b) === 0
}
