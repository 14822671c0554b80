/** The input topic: partitions with gaps in their offsets, whose head may go, or all of it. */
import { DepthlineError } from '../../errors.js'
import type { InputRecord, PartitionRange } from '../../wire/records.js'

export const TOPIC = 'orders'
/** The timestamp of a record that is appended when the simulation begins. */
export const INPUT_START_MS = 1_690_000_000_000

class Partition {
  low = 0
  high = 0
  /** All that were ever appended, also those that the log no longer holds. */
  readonly records: InputRecord[] = []
}

export class InputLog {
  /** True once it is another log under the same name. */
  isReplaced = false
  /** Every partition as it was before it was replaced, retention aside: what the oracle reads. */
  readonly history: readonly (readonly InputRecord[])[]
  #partitions: Partition[]

  constructor(partitions: number) {
    this.#partitions = Array.from({ length: partitions }, () => new Partition())
    this.history = this.#partitions.map(({ records }) => records)
  }

  append(partition: number, record: Omit<InputRecord, 'offset'>): void {
    const log = this.#partitions[partition]!
    log.records.push({ ...record, offset: String(log.high++) })
  }

  /** Offsets that hold no record. */
  skip(partition: number, count: number): void {
    this.#partitions[partition]!.high += count
  }

  /** Takes away the head of a partition. */
  cut(partition: number, share: number): void {
    const log = this.#partitions[partition]!
    log.low = Math.max(log.low, Math.floor(log.high * share))
  }

  /**
   * Other records, at every offset, so that it can be told wherever a reader stands.
   *
   * @param value what lies where there was a record, or nothing
   */
  replace(highs: readonly number[], value: (old: Uint8Array | null) => Uint8Array | null): void {
    this.isReplaced = true
    const former = this.#partitions
    this.#partitions = highs.map((high, partition) => {
      const log = new Partition()
      const old = new Map(former[partition]!.records.map((record) => [record.offset, record.value]))
      while (log.high < high) {
        const offset = String(log.high++)
        const record = {
          key: null,
          value: value(old.get(offset) ?? null),
          offset,
          timestamp: '666',
        }
        log.records.push(record)
      }
      return log
    })
  }

  ranges(): PartitionRange[] {
    return this.#partitions.map(({ low, high }) => ({ low, high }))
  }

  /** The offsets behind the last records. */
  ends(): number[] {
    return this.#partitions.map(({ records }) => Number(records.at(-1)?.offset ?? -1) + 1)
  }

  /** True where everything that was appended is behind `offsets`. */
  isBelow(offsets: readonly number[]): boolean {
    return this.ends().every((end, partition) => (offsets[partition] ?? 0) >= end)
  }

  /**
   * Up to `count` records from `cursor` on.
   *
   * @param position what comes next; the record before it is read once more, if it is there
   * @throws DepthlineError LOG_LOST where the log does not hold `position` any more, or not yet
   */
  fetch(
    partition: number,
    place: { cursor: number; position: number; count: number },
  ): InputRecord[] {
    const { low, high, records } = this.#partitions[partition]!
    const { cursor, position, count } = place
    if (low > position || cursor > high) {
      throw new DepthlineError('LOG_LOST', `${TOPIC}[${partition}] no longer holds ${cursor}`)
    }
    const from = Math.max(cursor, low)
    let at = Math.min(from, records.length)
    while (at > 0 && Number(records[at - 1]!.offset) >= from) at--
    return records.slice(at, at + count)
  }
}
