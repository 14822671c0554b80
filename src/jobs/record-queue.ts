/** What has come of one partition and waits to be applied. */
import type { RecordBatch } from '../wire/record-batch.js'
import { Gate } from './gate.js'

/** So many batches wait beside the one in work: the next fetch is under way meanwhile, and no more. */
const BATCHES_AHEAD = 1

export class RecordQueue {
  /** The place of the record that is next in {@link first}. */
  next = 0
  /** True while somebody works on it. */
  isBusy = false
  readonly #batches: RecordBatch[] = []
  readonly #room = new Gate()

  /** The batch that is in work; undefined where nothing waits. */
  get first(): RecordBatch | undefined {
    return this.#batches[0]
  }

  /** @returns when there is room for another one, or nobody works on what is there */
  async push(batch: RecordBatch, work: () => void): Promise<void> {
    this.#batches.push(batch)
    work()
    if (this.isBusy && this.#batches.length > BATCHES_AHEAD) await this.#room.wait()
  }

  /** Passes over the first batch, which is done with. */
  shift(): void {
    this.#batches.shift()
    this.next = 0
    if (this.#batches.length <= BATCHES_AHEAD) this.#room.open()
  }

  /** Nobody works on it any longer, so nobody need wait for room. */
  rest(): void {
    this.isBusy = false
    this.#room.open()
  }
}
