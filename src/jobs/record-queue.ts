/** What has come of one partition and waits to be applied. */
import type { RecordBatch } from '../wire/record-batch.js'

export class RecordQueue {
  /** True while somebody works on it. */
  isBusy = false
  /** The place of the record that is next in {@link first}. */
  next = 0
  readonly #batches: RecordBatch[] = []
  #records = 0

  /** The batch that is in work; undefined where nothing waits. */
  get first(): RecordBatch | undefined {
    return this.#batches[0]
  }

  /** How many records wait. */
  get length(): number {
    return this.#records - this.next
  }

  push(batch: RecordBatch): void {
    this.#batches.push(batch)
    this.#records += batch.length
  }

  /** Passes over the first batch, which is done with. */
  shift(): void {
    this.#records -= this.#batches.shift()!.length
    this.next = 0
  }
}

/** How many records wait in the queues that are worked on. */
export function recordsInWork(queues: readonly RecordQueue[]): number {
  return queues.reduce((sum, { isBusy, length }) => sum + (isBusy ? length : 0), 0)
}
