/** Takes a snapshot of the books every so often, a chunk at a time, while everything else goes on. */
import type { OrderBooks } from '../book/order-books.js'
import { DepthlineError } from '../errors.js'
import { SnapshotEncoder, type SnapshotMeta } from '../wire/snapshot-encoder.js'
import { Gate } from './gate.js'
import type { TakenSnapshot } from './monitor.js'
import type { Clock, Log, SnapshotDraft, SnapshotStore } from './ports.js'

/** Between two rounds over what has changed since the round before. */
const ROUND_MS = 25
/** With so many changes waiting, several frames go in one turn, so that the rounds keep up with the input. */
const BUSY_IDS = 8_000
const FRAMES_A_TURN = 4
/** What is left may take so long at a tick, some 15 ms; else the snapshot is taken at a later one. */
const MAX_LAST_IDS = 50_000
/** A store so slow that this many ids change meanwhile is given up, before they fill the memory. */
const MAX_CHANGED_IDS = 4_000_000

export interface SnapshotterPorts {
  readonly stores: readonly SnapshotStore[]
  readonly clock: Clock
  readonly log: Log
}

/** A snapshot that is taken but not yet known to be committed. */
interface Taken {
  readonly tick: number
  readonly frames: readonly Uint8Array[]
}

/**
 * The books are copied while they change: a first pass over everything, then rounds over what
 * has changed since, until at a tick so little is left that it takes no time. Written out only
 * when that tick is committed: what is in a snapshot is in the ticks and dead letters too.
 */
export class Snapshotter {
  taken = 0
  failures = 0
  /** The newest of {@link taken}. */
  last: TakenSnapshot | undefined
  readonly #ports: SnapshotterPorts
  readonly #books: OrderBooks
  readonly #intervalMs: number
  #encoder: SnapshotEncoder | undefined
  #drafts: { readonly store: SnapshotStore; readonly draft: SnapshotDraft }[] = []
  /** True once a first pass is through: from then on the rest is small. */
  #isReady = false
  #taken: Taken | undefined
  #outcome: 'committed' | 'dropped' | undefined
  #begunMs = 0
  #bytes = 0
  #isOnHold = false
  readonly #released = new Gate()

  constructor(ports: SnapshotterPorts, books: OrderBooks, intervalSeconds: number) {
    this.#ports = ports
    this.#books = books
    this.#intervalMs = intervalSeconds * 1000
  }

  /** Takes one after another until `signal` aborts; rejects only for a bug. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#ports.clock.sleep(this.#intervalMs, signal)
      if (!signal.aborted) await this.#takeOne(signal)
    }
  }

  /** Copies nothing until {@link release}: frames between the steps of a tick would make it late. */
  hold(): void {
    this.#isOnHold = true
  }

  release(): void {
    this.#isOnHold = false
    this.#released.open()
  }

  /**
   * Called where a tick's message is made, in the same step; {@link settle} must follow.
   *
   * @param describe of the books as they are now; asked only where a snapshot is taken
   */
  take(describe: () => SnapshotMeta): void {
    const encoder = this.#encoder
    if (encoder === undefined || this.#taken !== undefined) return
    const isSmall = encoder.changedIds <= MAX_LAST_IDS
    if (this.#isReady && isSmall) {
      const meta = describe()
      this.#taken = { tick: meta.tick, frames: encoder.finish(meta) }
    } else if (encoder.changedIds > MAX_CHANGED_IDS) this.#giveUp(encoder)
  }

  /** What became of the tick whose message was made last. */
  settle(isCommitted: boolean): void {
    if (this.#taken !== undefined) this.#outcome ??= isCommitted ? 'committed' : 'dropped'
  }

  /** The write in hand may never end, so the recording ends here. */
  #giveUp(encoder: SnapshotEncoder): void {
    if (this.#outcome !== undefined) return
    this.#outcome = 'dropped'
    encoder.cancel()
    this.failures++
    const stores = this.#ports.stores.map(({ name }) => name)
    this.#ports.log.error({ stores }, 'snapshot given up: writing does not keep up')
  }

  async #takeOne(signal: AbortSignal): Promise<void> {
    this.#drafts = []
    this.#begunMs = this.#ports.clock.monotonic()
    this.#bytes = 0
    for (const store of this.#ports.stores) {
      await this.#guard(store, async () => {
        this.#drafts.push({ store, draft: await store.create() })
      })
    }
    this.#encoder = new SnapshotEncoder(this.#books)
    this.#isReady = false
    this.#taken = undefined
    this.#outcome = undefined
    try {
      await this.#copy(signal)
    } finally {
      this.#encoder.cancel()
      this.#encoder = undefined
      for (const { draft } of this.#drafts) await draft.discard()
    }
  }

  /** Writes frames until the tick at which the snapshot was taken is committed, then publishes. */
  async #copy(signal: AbortSignal): Promise<void> {
    const { clock } = this.#ports
    while (!signal.aborted && this.#outcome === undefined && this.#drafts.length > 0) {
      if (this.#isOnHold) {
        await this.#released.wait()
        continue
      }
      const frames = this.#taken === undefined ? this.#nextFrames(this.#encoder!) : []
      for (const frame of frames) await this.#write(frame)
      if (frames.length === 0) {
        this.#isReady = true
        await clock.sleep(ROUND_MS, signal)
      }
      await clock.yield()
    }
    if (this.#taken === undefined || this.#outcome !== 'committed') return
    const { frames, tick } = this.#taken
    for (const frame of frames) await this.#write(frame)
    for (const { store, draft } of [...this.#drafts]) {
      await this.#guard(store, () => draft.publish(tick))
    }
    if (this.#drafts.length === 0) return
    this.taken++
    this.last = { tick, durationMs: clock.monotonic() - this.#begunMs, bytes: this.#bytes }
  }

  #nextFrames(encoder: SnapshotEncoder): Uint8Array[] {
    const count = encoder.changedIds > BUSY_IDS ? FRAMES_A_TURN : 1
    const frames: Uint8Array[] = []
    while (frames.length < count) {
      const frame = encoder.next()
      if (frame === undefined) break
      frames.push(frame)
    }
    return frames
  }

  async #write(frame: Uint8Array): Promise<void> {
    this.#bytes += frame.length
    for (const { store, draft } of [...this.#drafts]) {
      await this.#guard(store, () => draft.write(frame))
    }
  }

  /** A disk that is full holds up nothing but its own snapshots. */
  async #guard(store: SnapshotStore, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof DepthlineError)) throw error
      this.failures++
      this.#ports.log.error({ store: store.name, reason: error.message }, 'snapshot failed')
      const failed = this.#drafts.filter((draft) => draft.store === store)
      this.#drafts = this.#drafts.filter((draft) => draft.store !== store)
      for (const { draft } of failed) await draft.discard()
    }
  }
}
