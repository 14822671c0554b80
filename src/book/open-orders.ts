/** The open orders: which level each rests on, its size, and the partition that it came from. */
import { IdTable, type KeyPortion } from './id-table.js'
import type { Levels } from './levels.js'
import type { Magnitude } from './order-event.js'
import type { Prefetch } from './prefetch.js'

const LEVEL = 0
const SIZE_HIGH = 1
const SIZE_LOW = 2
/** Size scale in the lower 8 bits, partition above them. */
const SCALE_AND_PARTITION = 3
const ORDER_WORDS = 4

/** All but `find` and `insert` is about the order that those came to last. */
export class OpenOrders {
  readonly #table: IdTable
  readonly #levels: Levels

  constructor(levels: Levels, seed: number) {
    this.#table = new IdTable(ORDER_WORDS, seed)
    this.#levels = levels
  }

  get size(): number {
    return this.#table.size
  }

  /** True where the order behind `key` is open. */
  find(key: number): boolean {
    return this.#table.find(key)
  }

  /** As {@link IdTable.expect}. */
  expect(key: number, prefetch: Prefetch): void {
    this.#table.expect(key, prefetch)
  }

  /** Makes room for an order that is not there yet; it has to {@link rest} next. */
  insert(key: number): void {
    this.#table.insert(key)
  }

  /** Takes the order out; it must have been lifted off its level. */
  remove(): void {
    this.#table.remove()
  }

  get level(): number {
    return this.#table.words[this.#table.at + LEVEL]!
  }

  get partition(): number {
    return this.#table.words[this.#table.at + SCALE_AND_PARTITION]! >>> 8
  }

  hasSize(size: Magnitude): boolean {
    const { words, at } = this.#table
    return (
      words[at + SIZE_LOW] === size.low &&
      words[at + SIZE_HIGH] === size.high &&
      (words[at + SCALE_AND_PARTITION]! & 0xff) === size.scale
    )
  }

  /** Writes the order's size into `size`. */
  readSize(size: Magnitude): void {
    const { words, at } = this.#table
    size.high = words[at + SIZE_HIGH]!
    size.low = words[at + SIZE_LOW]!
    size.scale = words[at + SCALE_AND_PARTITION]! & 0xff
  }

  /** Puts the order on a level. */
  rest(level: number, size: Magnitude, partition: number): void {
    this.#levels.addOrder(level, size.high, size.low, size.scale)
    const { words, at } = this.#table
    words[at + LEVEL] = level
    words[at + SIZE_HIGH] = size.high
    words[at + SIZE_LOW] = size.low
    words[at + SCALE_AND_PARTITION] = (partition << 8) | size.scale
  }

  /** Takes the order off its level. */
  lift(): void {
    const { words, at } = this.#table
    this.#levels.removeOrder(
      words[at + LEVEL]!,
      words[at + SIZE_HIGH]!,
      words[at + SIZE_LOW]!,
      words[at + SCALE_AND_PARTITION]! & 0xff,
    )
  }

  /** The keys of all open orders, as {@link IdTable.keys} gives them. */
  keys(): Generator<KeyPortion> {
    return this.#table.keys()
  }
}
