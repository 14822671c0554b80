/** What the books know of each id, read and restored one id at a time while events go on. */
import type { ClosedWindow } from './closed-window.js'
import type { IdTable } from './id-table.js'
import type { Levels } from './levels.js'
import type { OpenOrders } from './open-orders.js'
import { BUY, type Magnitude, type Side } from './order-event.js'
import { NO_KEY, type OrderKeys } from './order-keys.js'
import type { SymbolBooks } from './symbol-books.js'

/** Neither open nor waiting: unknown or closed. */
export const GONE = 0
export const OPEN = 1
/** Its close came before its open. */
export const WAITING = 2

/** One id's state. `partition` means nothing where it is gone, and what follows only where it is open. */
export interface IdState {
  id: number | string
  state: typeof GONE | typeof OPEN | typeof WAITING
  partition: number
  symbol: string
  side: Side
  price: Magnitude
  size: Magnitude
}

export function emptyIdState(): IdState {
  const none = () => ({ high: 0, low: 0, scale: 0 })
  return { id: 0, state: GONE, partition: 0, symbol: '', side: BUY, price: none(), size: none() }
}

/** So many places of a table are looked at in about a hundredth of a millisecond. */
const LONG_SEARCH = 4096

/** The ids of a list of events, apart by type so that the numbers stay unboxed. */
export interface ChangedIds {
  readonly numbers: number[]
  readonly texts: string[]
}

/** The parts of {@link OrderBooks}. */
export interface BookParts {
  readonly keys: OrderKeys
  readonly open: OpenOrders
  readonly waiting: IdTable
  readonly closed: ClosedWindow
  readonly levels: Levels
  readonly symbols: SymbolBooks
}

export class BookState {
  readonly #parts: BookParts

  constructor(parts: BookParts) {
    this.#parts = parts
  }

  /** How many closes each partition remembers. */
  get closedWindow(): number {
    return this.#parts.closed.capacity
  }

  /** How many closed ids are remembered in all partitions. */
  get closedIds(): number {
    return this.#parts.closed.size
  }

  /** One more than the highest partition that closed anything. */
  get closedPartitions(): number {
    return this.#parts.closed.partitions
  }

  /** How many closes of a partition were ever remembered; the last {@link closedWindow} still are. */
  closesOf(partition: number): number {
    return this.#parts.closed.pushed(partition)
  }

  /** The id of a partition's close by its number, which counts from 0 to below {@link closesOf}. */
  closedId(partition: number, number: number): number | string {
    return this.#parts.keys.idOf(this.#parts.closed.keyAt(partition, number))
  }

  /**
   * Yields `state` once for every id that is open or waiting, with its state then in `into`,
   * and `pause` where it has looked at many empty places. Events may be applied between two
   * steps: an id that none of them touched is never left out, and every state that comes is
   * right when it comes.
   */
  *walk(into: IdState): Generator<'state' | 'pause'> {
    const { keys, open, waiting } = this.#parts
    for (const table of [open, waiting]) {
      for (const portion of table.keys()) {
        for (const key of portion.keys) {
          if (!table.find(key)) continue
          this.#read(key, keys.idOf(key), into)
          yield 'state'
        }
        if (portion.slots > LONG_SEARCH) yield 'pause'
      }
    }
  }

  /** Writes the state of `id` as it is now into `into`. */
  read(id: number | string, into: IdState): void {
    this.#read(this.#parts.keys.find(id), id, into)
  }

  /** Makes the state of an id what is given, whatever it was; leaves closed ids alone. */
  restore(given: IdState): void {
    const { keys, open, waiting, levels, symbols } = this.#parts
    const key = given.state === GONE ? keys.find(given.id) : keys.assign(given.id)
    if (key === NO_KEY) return
    if (waiting.size > 0 && waiting.find(key)) waiting.remove()
    const isOpen = open.find(key)
    if (isOpen) open.lift()
    if (given.state === OPEN) {
      if (!isOpen) open.insert(key)
      const level = levels.at(symbols.ladderNumber(given.symbol, given.side), given.price)
      open.rest(level, given.size, given.partition)
      return
    }
    if (isOpen) open.remove()
    if (given.state === GONE) return
    waiting.insert(key)
    waiting.words[waiting.at] = given.partition
  }

  /** Adds the next of a partition's closes; ids count as closed only after {@link settle}. */
  restoreClosed(id: number | string, partition: number): void {
    this.#parts.closed.restore(this.#parts.keys.assign(id), partition)
  }

  /**
   * Ends a restoration, which began with empty books. Only now the closed ids are those of
   * the last closes, and text ids that came up on the way are forgotten: before, an id may
   * look closed and open at once, because the two were read at different times.
   */
  settle(): void {
    const { keys, open, waiting, closed, symbols } = this.#parts
    closed.settle()
    keys.releaseUnless((key) => open.find(key) || waiting.find(key) || closed.has(key))
    symbols.update()
  }

  #read(key: number, id: number | string, into: IdState): void {
    const { open, waiting, levels, symbols } = this.#parts
    into.id = id
    into.state = GONE
    if (key === NO_KEY) return
    if (open.find(key)) {
      const { level } = open
      const ladder = levels.ladderOf(level)
      into.state = OPEN
      into.partition = open.partition
      into.symbol = symbols.symbolOf(ladder)
      into.side = (ladder & 1) as Side
      levels.readPrice(level, into.price)
      open.readSize(into.size)
    } else if (waiting.find(key)) {
      into.state = WAITING
      into.partition = waiting.words[waiting.at]!
    }
  }
}
