/** Snapshots in memory: taken while events go on, and read back. */
import { DEFAULT_LIMITS, OrderBooks } from '../book/order-books.js'
import { SnapshotEncoder, type SnapshotMeta } from '../wire/snapshot-encoder.js'
import { loadSnapshot } from '../wire/snapshot-reader.js'

export function metaFor(books: OrderBooks): SnapshotMeta {
  return {
    job: 'order-book',
    lineage: 'the lineage',
    topic: 'orders',
    tick: 1_700_000_000,
    offsets: [12, 0],
    lastRecords: ['ab'.repeat(32), ''],
    counts: { opened: 7, closed: 5 },
    isIncomplete: false,
    closedWindow: books.state.closedWindow,
    version: '0.1.0',
  }
}

export interface TakeOptions {
  readonly frameEntries?: number
  /** Called after each frame until it returns false; it may apply events. */
  readonly between?: () => boolean
}

/** All bytes of a snapshot. */
export function takeSnapshot(
  books: OrderBooks,
  { frameEntries, between = () => false }: TakeOptions = {},
): Uint8Array {
  const encoder = new SnapshotEncoder(books, frameEntries)
  const frames: Uint8Array[] = []
  for (;;) {
    const bytes = encoder.next()
    if (bytes !== undefined) frames.push(bytes)
    const isGoingOn = between()
    if (bytes === undefined && !isGoingOn) break
  }
  frames.push(...encoder.finish(metaFor(books)))
  return new Uint8Array(Buffer.concat(frames))
}

export async function restored(
  bytes: Uint8Array,
  { closedWindow, seed }: { closedWindow: number; seed: number },
): Promise<OrderBooks> {
  const books = new OrderBooks({ ...DEFAULT_LIMITS, closedWindow }, seed)
  await loadSnapshot(inPieces(bytes, 1000), books)
  return books
}

export async function* inPieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length)
}
