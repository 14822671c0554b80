/** A ladder: the levels of one side of a book, best price first. */
import sortedBtree from 'sorted-btree'
import { compare, type Decimal } from './decimal.js'
import { BUY, type Side } from './order-event.js'

const BTree = sortedBtree.default

/** All size at one price. */
export interface Level {
  readonly price: Decimal
  /** Size, in units of the base currency; above zero. */
  readonly amount: Decimal
}

/** Iterating yields the levels best price first: bids from the highest, asks from the lowest. */
export class Ladder implements Iterable<Level> {
  readonly side: Side
  readonly #levels: InstanceType<typeof BTree<Decimal, Level>>

  constructor(side: Side) {
    this.side = side
    this.#levels = new BTree(undefined, side === BUY ? (a, b) => compare(b, a) : compare)
  }

  get size(): number {
    return this.#levels.size
  }

  /** The best level; undefined where the ladder is empty. */
  get best(): Level | undefined {
    const price = this.#levels.minKey()
    return price === undefined ? undefined : this.#levels.get(price)
  }

  /** The amount at a price; undefined where there is no level. */
  amountAt(price: Decimal): Decimal | undefined {
    return this.#levels.get(price)?.amount
  }

  set(price: Decimal, amount: Decimal): void {
    this.#levels.set(price, { price, amount })
  }

  delete(price: Decimal): void {
    this.#levels.delete(price)
  }

  [Symbol.iterator](): Iterator<Level> {
    return this.#levels.values()
  }
}
