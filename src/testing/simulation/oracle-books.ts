/** The naive books of everything below given offsets, moved on from tick to tick. */
import type { InputRecord, Offsets } from '../../wire/records.js'
import type { InputLog } from './input-log.js'
import { NaiveBook } from './oracle-book.js'

export interface Rejected {
  readonly partition: number
  readonly record: InputRecord
  readonly reason: string
}

const NOT_REJECTED = new Set([
  ...['opened', 'amended', 'supersedes', 'closed', 'close_before_open', 'closed_on_arrival'],
  ...['duplicate_open', 'superseded', 'duplicate_close', 'tombstone'],
])

/** One book, of the input from its base on. */
export class OracleBook {
  readonly naive: NaiveBook
  readonly #input: InputLog
  /** By partition, the place in the history of the record that comes next. */
  readonly #next: number[]

  constructor(input: InputLog, base: Offsets, closedWindow: number) {
    this.#input = input
    this.naive = new NaiveBook(closedWindow)
    this.#next = input.history.map((records, partition) =>
      firstFrom(records, base[partition] ?? 0, 0),
    )
  }

  /** Applies what lies below `offsets`; returns what of it was rejected. */
  advanceTo(offsets: Offsets): Rejected[] {
    const rejected: Rejected[] = []
    for (const [partition, records] of this.#input.history.entries()) {
      const end = firstFrom(records, offsets[partition] ?? 0, this.#next[partition]!)
      for (let at = this.#next[partition]!; at < end; at++) {
        const record = records[at]!
        const reason = this.naive.accept(record.value, partition)
        if (!NOT_REJECTED.has(reason)) rejected.push({ partition, record, reason })
      }
      this.#next[partition] = Math.max(end, this.#next[partition]!)
    }
    return rejected
  }
}

/** By the base: processes that began in the middle of the input have other books. */
export class OracleBooks {
  readonly #input: InputLog
  readonly #closedWindow: number
  readonly #books = new Map<string, OracleBook>()

  constructor(input: InputLog, closedWindow: number) {
    this.#input = input
    this.#closedWindow = closedWindow
  }

  from(base: Offsets): OracleBook {
    const name = isWhole(base) ? '' : base.join()
    const book = this.#books.get(name) ?? this.fresh(base)
    this.#books.set(name, book)
    return book
  }

  fresh(base: Offsets): OracleBook {
    return new OracleBook(this.#input, base, this.#closedWindow)
  }
}

/** True where the input has all of its head. */
export function isWhole(base: Offsets): boolean {
  return base.every((offset) => offset === 0)
}

function firstFrom(records: readonly InputRecord[], offset: number, start: number): number {
  let at = start
  while (at < records.length && Number(records[at]!.offset) < offset) at++
  return at
}
