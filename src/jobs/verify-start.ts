/** Where `verify` begins when the input's start is gone: at a snapshot, given to the naive book. */

import { emptyIdState, type IdState, OPEN } from '../book/book-state.js'
import { DEFAULT_LIMITS, OrderBooks } from '../book/order-books.js'
import { BUY, type Magnitude } from '../book/order-event.js'
import { DepthlineError } from '../errors.js'
import type { NaiveClose, NaiveState, RestingOrder } from '../oracle/naive-book.js'
import type { Offsets } from '../wire/records.js'
import { loadSnapshot, readSnapshotMeta } from '../wire/snapshot-reader.js'
import type { LogReader } from './ports.js'

export interface VerifyStart {
  readonly job: string
  readonly topic: string
  /** Of the snapshot; ticks after it can be compared. */
  readonly tick: number
  /** The state is what lies below. */
  readonly offsets: Offsets
  readonly closedWindow: number
  readonly state: NaiveState
}

/**
 * @param read gives the snapshot's bytes; called twice
 * @throws DepthlineError SNAPSHOT_REFUSED
 */
export async function startFromSnapshot(
  read: () => AsyncIterable<Uint8Array>,
): Promise<VerifyStart> {
  const { job, topic, tick, offsets, closedWindow } = await readSnapshotMeta(read())
  const unlimited = { ...DEFAULT_LIMITS, closedWindow }
  const books = new OrderBooks(unlimited, 0)
  await loadSnapshot(read(), books)
  return { job, topic, tick, offsets, closedWindow, state: naiveStateOf(books) }
}

function naiveStateOf({ state: books }: OrderBooks): NaiveState {
  const open: RestingOrder[] = []
  const waiting: NaiveClose[] = []
  const closed: NaiveClose[] = []
  const state = emptyIdState()
  for (const step of books.walk(state)) {
    if (step === 'pause') continue
    const id = String(state.id)
    if (state.state === OPEN) open.push(orderOf(id, state))
    else waiting.push({ id, partition: state.partition })
  }
  for (let partition = 0; partition < books.closedPartitions; partition++) {
    const end = books.closesOf(partition)
    for (let number = Math.max(0, end - books.closedWindow); number < end; number++) {
      closed.push({ id: String(books.closedId(partition, number)), partition })
    }
  }
  return { open, waiting, closed }
}

function orderOf(id: string, { symbol, side, partition, price, size }: IdState): RestingOrder {
  const name = side === BUY ? 'BUY' : 'SELL'
  return { id, symbol, side: name, price: unitsOf(price), size: unitsOf(size), partition }
}

/** In units of 10^-18, as the oracle counts. */
function unitsOf({ high, low, scale }: Magnitude): bigint {
  return (BigInt(high) * 1_000_000_000n + BigInt(low)) * 10n ** BigInt(18 - scale)
}

/** @throws DepthlineError LOG_LOST where the input begins after the place that verify begins at */
export function assertReaches({ topic, starts }: LogReader, start: VerifyStart | undefined): void {
  const begin = start?.offsets ?? []
  const partition = starts.findIndex((offset, index) => offset > (begin[index] ?? 0))
  if (partition < 0) return
  const needed = start === undefined ? 'the whole input, or --snapshot' : 'a later snapshot'
  throw new DepthlineError(
    'LOG_LOST',
    `${topic}[${partition}] starts at offset ${starts[partition]}, and ${begin[partition] ?? 0} is where verify would begin: it needs ${needed}`,
  )
}
