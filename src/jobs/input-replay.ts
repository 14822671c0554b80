/** Applies the input to the naive book, up to exactly the offsets that are asked for. */
import type { NaiveBook } from '../oracle/naive-book.js'
import type { LogPiece, LogRecord, Offsets } from '../wire/records.js'
import type { LogReader } from './ports.js'

/** Told of each record that was applied, in the order of its partition, with why it was rejected. */
export type OnApplied = (
  record: LogRecord,
  place: { readonly partition: number; readonly reason: string | undefined },
) => void

/**
 * Each partition is read only as far as it is needed: of what lies beyond, a piece waits
 * here, so that memory stays bounded however far the partitions are apart.
 */
export class InputReplay {
  readonly #input: LogReader
  readonly #book: NaiveBook
  readonly #onApplied: OnApplied
  readonly #positions: number[]
  /** The piece of each partition that is applied in part. */
  readonly #pieces: (LogPiece | undefined)[] = []
  #ends: Offsets = []

  constructor(input: LogReader, book: NaiveBook, onApplied: OnApplied) {
    this.#input = input
    this.#book = book
    this.#onApplied = onApplied
    this.#positions = [...input.starts]
  }

  /** The first partition that ends before its offset; undefined where the input holds them all. */
  async missingPartition(offsets: Offsets): Promise<number | undefined> {
    const isShort = (offset: number, partition: number) => offset > (this.#ends[partition] ?? 0)
    if (!offsets.some(isShort)) return undefined
    // Asked anew only where it matters: records come in all the time.
    this.#ends = await this.#input.ends()
    const partition = offsets.findIndex(isShort)
    return partition < 0 ? undefined : partition
  }

  /** Applies what is below `offsets` in each partition; false where the input was stopped. */
  async advanceTo(offsets: Offsets): Promise<boolean> {
    // All at once, as the job itself reads them.
    const arrived = await Promise.all(
      offsets.map((end, partition) => this.#advance(partition, end)),
    )
    return arrived.every(Boolean)
  }

  async #advance(partition: number, end: number): Promise<boolean> {
    while (this.#positions[partition]! < end) {
      const piece = this.#pieces[partition] ?? (await this.#input.next(partition))
      if (piece === undefined) return false
      const { records, position } = piece
      let index = 0
      for (; index < records.length && Number(records[index]!.offset) < end; index++) {
        this.#apply(records[index]!, partition)
      }
      const rest = records.slice(index)
      this.#pieces[partition] = rest.length === 0 ? undefined : { records: rest, position }
      this.#positions[partition] = rest.length === 0 ? position : Number(rest[0]!.offset)
    }
    return true
  }

  #apply(record: LogRecord, partition: number): void {
    const { rejected } = this.#book.counts
    const outcome = this.#book.accept(record.value, partition)
    const reason = this.#book.counts.rejected > rejected ? outcome : undefined
    this.#onApplied(record, { partition, reason })
  }
}
