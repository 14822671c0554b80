/** Reads a snapshot back: what it is of, and the books that it holds. */
import type { OrderBooks } from '../book/order-books.js'
import type { StoredSnapshotMeta } from './snapshot-encoder.js'
import { readClosed, readStates } from './snapshot-entries.js'
import { CLOSED, type Frame, META, readFrames, refused, STATES } from './snapshot-frames.js'

/**
 * Verifies all of a snapshot and returns its meta data.
 *
 * @param pieces its bytes, in pieces of any length
 * @throws DepthlineError SNAPSHOT_REFUSED where a single bit is not as it was written
 */
export async function readSnapshotMeta(
  pieces: AsyncIterable<Uint8Array>,
): Promise<StoredSnapshotMeta> {
  let meta: StoredSnapshotMeta | undefined
  for await (const frame of readFrames(pieces)) if (frame.type === META) meta = metaOf(frame)
  return meta!
}

/**
 * Fills empty books with a snapshot, a frame at a time, and verifies it as it goes.
 *
 * @throws DepthlineError SNAPSHOT_REFUSED; the books are of no use then. It also refuses
 *   a snapshot of another closed window, because its closed ids would be others.
 */
export async function loadSnapshot(
  pieces: AsyncIterable<Uint8Array>,
  books: OrderBooks,
): Promise<void> {
  const { state } = books
  if (books.openOrders + books.waitingCloses + state.closedIds > 0) {
    throw new Error('a snapshot is loaded into empty books only')
  }
  for await (const frame of readFrames(pieces)) {
    if (frame.type === STATES) readStates(frame.payload, (given) => state.restore(given))
    else if (frame.type === CLOSED) {
      readClosed(frame.payload, (id, partition) => state.restoreClosed(id, partition))
    } else if (frame.type === META) settle(books, metaOf(frame))
    else throw refused(`a frame has the unknown type ${frame.type}`)
  }
}

function settle(books: OrderBooks, meta: StoredSnapshotMeta): void {
  const { state } = books
  if (meta.closedWindow !== state.closedWindow) {
    throw refused(`its closed window is ${meta.closedWindow}, not ${state.closedWindow}`)
  }
  state.settle()
  books.partitionCrossings = meta.partitionCrossings
  const { openOrders, waitingCloses } = books
  const { closedIds } = state
  for (const [name, count] of Object.entries({ openOrders, waitingCloses, closedIds })) {
    const expected = meta[name as 'openOrders' | 'waitingCloses' | 'closedIds']
    if (count !== expected) throw refused(`it came to ${count} ${name}, not ${expected}`)
  }
}

function metaOf({ payload }: Frame): StoredSnapshotMeta {
  return JSON.parse(new TextDecoder().decode(payload)) as StoredSnapshotMeta
}
