/** Turns the books into a snapshot, frame by frame, while events go on being applied. */
import { type ChangedIds, emptyIdState } from '../book/book-state.js'
import type { OrderBooks } from '../book/order-books.js'
import { ClosedWriter, FRAME_ENTRIES, padded, StateWriter } from './snapshot-entries.js'
import { CLOSED, FrameWriter, META, STATES } from './snapshot-frames.js'

/** What the snapshot says about the moment it is of. */
export interface SnapshotMeta {
  readonly job: string
  /** Of the job's progress record: another job of the same name has another. */
  readonly lineage: string
  readonly topic: string
  /** Epoch second of the tick that it is taken at. */
  readonly tick: number
  /** By partition, the offset of the first record that is not in it. */
  readonly offsets: readonly number[]
  /** By partition, a hash of the record applied last; empty where there was none. */
  readonly lastRecords: readonly string[]
  /** Records by the name of their outcome. */
  readonly counts: Readonly<Record<string, number>>
  /** True where the books lack orders because the log no longer had them. */
  readonly isIncomplete: boolean
  readonly closedWindow: number
  /** Of depthline. */
  readonly version: string
}

/** The meta data as they are stored: with what the books must come to when they are restored. */
export interface StoredSnapshotMeta extends SnapshotMeta {
  readonly partitionCrossings: number
  readonly openOrders: number
  readonly waitingCloses: number
  readonly closedIds: number
}

/**
 * Copies in the way a virtual machine is moved while it runs («pre-copy»): first all
 * that is there, then again and again what changed since, and at the end, in one
 * synchronous step, the few that changed last. A reader takes the last state of each id,
 * so that it does not matter when each was copied, only that none changed unnoticed.
 */
export class SnapshotEncoder {
  readonly #books: OrderBooks
  readonly #frames = new FrameWriter()
  readonly #states = new StateWriter()
  readonly #closed = new ClosedWriter()
  readonly #state = emptyIdState()
  readonly #walk: Iterator<'state' | 'pause'>
  readonly #frameEntries: number
  /** By partition, the number of the close that is written next. */
  readonly #nextCloses: number[] = []
  #changed: ChangedIds = { numbers: [], texts: [] }
  #nextNumber = 0
  #nextText = 0

  /** How many changes wait to be written, which is what the recording takes in memory. */
  get changedIds(): number {
    return this.#books.changedIdCount + this.#leftOfRound
  }

  /**
   * Begins to record what changes; ended by {@link finish} or {@link cancel}. One at a time
   * for the same books.
   *
   * @param frameEntries ids in a frame, 4,096 at most; tests take fewer
   */
  constructor(books: OrderBooks, frameEntries = FRAME_ENTRIES) {
    this.#books = books
    this.#frameEntries = frameEntries
    this.#walk = books.state.walk(this.#state)
    books.startRecording()
  }

  /**
   * The next bytes of the snapshot, of at most 4,096 ids: about a millisecond's work.
   * Undefined while what is left is less than a frame of changed ids and one of closed
   * ids, which {@link finish} writes; after more events there may be more.
   */
  next(): Uint8Array | undefined {
    return this.#next(this.#frameEntries)
  }

  /**
   * Ends the snapshot with the books as they are now and returns the rest of its bytes.
   * Once {@link next} has given undefined, that takes a few milliseconds at most; before,
   * it takes as long as all that is left.
   */
  finish(meta: SnapshotMeta): Uint8Array[] {
    const rest: Uint8Array[] = []
    for (let bytes = this.#next(1); bytes !== undefined; bytes = this.#next(1)) rest.push(bytes)
    const { partitionCrossings, openOrders, waitingCloses, state } = this.#books
    const { closedIds } = state
    const stored: StoredSnapshotMeta = {
      ...meta,
      ...{ partitionCrossings, openOrders, waitingCloses, closedIds },
    }
    rest.push(this.#frames.frame(META, paddedJson(stored)))
    this.cancel()
    return rest
  }

  /** Gives up; the books no longer record. */
  cancel(): void {
    this.#books.stopRecording()
  }

  /** @param worth how many ids are worth a frame */
  #next(worth: number): Uint8Array | undefined {
    const isWalking = this.#addWalked()
    if (!isWalking && this.#states.count === 0) this.#addChanged(worth)
    // While it walks a frame may be empty: the walk pauses where it finds nothing for long.
    if (isWalking || this.#states.count > 0) {
      return this.#frames.frame(STATES, this.#states.flush())
    }
    return this.#nextClosed(worth)
  }

  /** Returns false once the walk is over. */
  #addWalked(): boolean {
    while (this.#states.count < this.#frameEntries) {
      const { done, value } = this.#walk.next()
      if (done) return false
      if (value === 'pause') return true
      this.#states.add(this.#state)
    }
    return true
  }

  #addChanged(worth: number): void {
    if (this.#leftOfRound === 0 && this.#books.changedIdCount >= worth) {
      this.#changed = this.#books.takeChangedIds()
      this.#nextNumber = 0
      this.#nextText = 0
    }
    const { numbers, texts } = this.#changed
    while (this.#states.count < this.#frameEntries && this.#leftOfRound > 0) {
      const isNumber = this.#nextNumber < numbers.length
      const id = isNumber ? numbers[this.#nextNumber++]! : texts[this.#nextText++]!
      this.#books.state.read(id, this.#state)
      this.#states.add(this.#state)
    }
  }

  get #leftOfRound(): number {
    const { numbers, texts } = this.#changed
    return numbers.length - this.#nextNumber + texts.length - this.#nextText
  }

  #nextClosed(worth: number): Uint8Array | undefined {
    const { state } = this.#books
    const worthOfOne = Math.max(1, Math.floor(worth / state.closedPartitions))
    for (let partition = 0; partition < state.closedPartitions; partition++) {
      const end = state.closesOf(partition)
      // What has left the window since would be pushed out by the reader too.
      const start = Math.max(end - state.closedWindow, this.#nextCloses[partition] ?? 0)
      if (end - start < worthOfOne) continue
      const until = Math.min(end, start + this.#frameEntries)
      for (let number = start; number < until; number++) {
        this.#closed.add(state.closedId(partition, number))
      }
      this.#nextCloses[partition] = until
      return this.#frames.frame(CLOSED, this.#closed.flush(partition))
    }
    return undefined
  }
}

function paddedJson(value: object): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(value))
  const bytes = new Uint8Array(text.length + 8)
  bytes.set(text)
  return padded(bytes, text.length, 0x20)
}
