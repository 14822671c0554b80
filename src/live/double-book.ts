/** The same book the usual way, JSON.parse and doubles: kept only to show what it would print. */
import type { TickRow } from '../wire/tick-message.js'

interface DoubleOrder {
  readonly level: string
  readonly size: number
}

interface DoubleLevel {
  amount: number
  /** With the last order the level goes, or what is left over from adding and subtracting would stay as a level. */
  orders: number
}

/** One row's numbers as doubles print them; undefined where the doubles have no such level. */
export interface DoubleRow {
  readonly amount: string
  readonly total: string
  readonly cumSum: string
}

export class DoubleBook {
  /** By id as a double: ids above 2^53 that differ may be one here. */
  readonly #orders = new Map<number | string, DoubleOrder>()
  readonly #levels = new Map<string, DoubleLevel>()

  /** Follows a record that was applied, given what became of it. */
  apply(record: string, outcome: string): void {
    const { order_id: id, symbol, order_side, price, size } = JSON.parse(record)
    const key = typeof id === 'string' && /^\d+$/.test(id) ? Number(id) : id
    if (['opened', 'amended', 'supersedes'].includes(outcome)) {
      this.#lift(key)
      this.#rest(key, { level: levelKey(symbol, order_side, price), size: Number(size) })
    } else if (outcome === 'closed') this.#lift(key)
  }

  /** The doubles for the rows of one symbol and side, best price first. */
  rows(rows: readonly TickRow[]): (DoubleRow | undefined)[] {
    let sum = 0
    return rows.map(({ symbol, side, price }) => {
      const order = side.startsWith('buy') ? 'BUY' : 'SELL'
      const level = this.#levels.get(levelKey(symbol, order, price))
      if (level === undefined) return undefined
      const total = Number(price) * level.amount
      sum += total
      return { amount: String(level.amount), total: String(total), cumSum: String(sum) }
    })
  }

  #rest(id: number | string, order: DoubleOrder): void {
    const level = this.#levels.get(order.level) ?? { amount: 0, orders: 0 }
    level.amount += order.size
    level.orders++
    this.#levels.set(order.level, level)
    this.#orders.set(id, order)
  }

  #lift(id: number | string): void {
    const order = this.#orders.get(id)
    if (order === undefined) return
    const level = this.#levels.get(order.level)!
    level.amount -= order.size
    level.orders--
    if (level.orders === 0) this.#levels.delete(order.level)
    this.#orders.delete(id)
  }
}

function levelKey(symbol: string, side: string, price: number | string): string {
  return `${symbol} ${side} ${Number(price)}`
}
