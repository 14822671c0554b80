/**
 * The oracle: the contract's rules on events and ticks in the plainest code that is right.
 *
 * It shares nothing with src/book and src/wire, so that a misreading there is
 * not repeated here. A map of orders, everything sorted anew for each message.
 */
import { type NaiveClosed, type NaiveOpen, naiveEvent } from './naive-event.js'

interface RestingOrder extends NaiveOpen {
  partition: number
}

const IGNORED = ['duplicate_open', 'superseded', 'duplicate_close']
const APPLIED = ['opened', 'amended', 'supersedes', 'closed', 'close_before_open']

export class NaiveBook {
  readonly counts = { records: 0, applied: 0, ignored: 0, rejected: 0, tombstones: 0 }
  readonly byOutcome = new Map<string, number>()
  readonly #window: number
  readonly #open = new Map<string, RestingOrder>()
  readonly #waiting = new Set<string>()
  readonly #closed = new Set<string>()
  readonly #closedByPartition = new Map<number, string[]>()

  /** @param window how many closes each partition remembers */
  constructor(window = 250_000) {
    this.#window = window
  }

  get openOrders(): number {
    return this.#open.size
  }

  get waitingCloses(): number {
    return this.#waiting.size
  }

  /** Takes the partition's next record; gives its outcome, why it is rejected, or `tombstone`. */
  accept(value: Uint8Array | null, partition: number): string {
    const name = value === null ? 'tombstone' : this.#apply(naiveEvent(value), partition)
    this.counts.records++
    if (name === 'tombstone') this.counts.tombstones++
    else if (IGNORED.includes(name)) this.counts.ignored++
    else if (APPLIED.includes(name) || name === 'closed_on_arrival') this.counts.applied++
    else this.counts.rejected++
    this.byOutcome.set(name, (this.byOutcome.get(name) ?? 0) + 1)
    return name
  }

  /** The tick message with at most `levels` levels a side. */
  message(levels = Number.POSITIVE_INFINITY): string {
    const rows: string[] = []
    for (const symbol of this.#symbols()) {
      const bids = sideRows(symbol, 'buy', this.#levels(symbol, 'BUY').slice(0, levels))
      const asks = sideRows(symbol, 'sell', this.#levels(symbol, 'SELL').slice(0, levels))
      for (let index = 0; index < bids.length || index < asks.length; index++) {
        if (bids[index] !== undefined) rows.push(bids[index]!)
        if (asks[index] !== undefined) rows.push(asks[index]!)
      }
    }
    return `[${rows.join(',')}]`
  }

  /** The symbols whose best bid is at or above their best ask. */
  crossed(): string[] {
    return this.#symbols().filter((symbol) => {
      const bid = this.#levels(symbol, 'BUY')[0]
      const ask = this.#levels(symbol, 'SELL')[0]
      return bid !== undefined && ask !== undefined && bid[0] >= ask[0]
    })
  }

  #apply(event: NaiveOpen | NaiveClosed | string, partition: number): string {
    if (typeof event === 'string') return event
    return event.status === 'OPEN'
      ? this.#applyOpen(event, partition)
      : this.#applyClosed(event.id, partition)
  }

  #applyOpen(event: NaiveOpen, partition: number): string {
    const { id } = event
    const resting = this.#open.get(id)
    if (resting === undefined) {
      if (this.#closed.has(id)) return 'order_already_closed'
      if (this.#waiting.delete(id)) {
        this.#remember(id, partition)
        return 'closed_on_arrival'
      }
      this.#open.set(id, { ...event, partition })
      return 'opened'
    }
    if (resting.partition > partition) return 'superseded'
    if (resting.partition < partition) {
      this.#open.set(id, { ...event, partition })
      return 'supersedes'
    }
    if (resting.symbol !== event.symbol) return 'symbol_changed'
    const { side, price, size } = resting
    const isSame = side === event.side && price === event.price && size === event.size
    if (isSame) return 'duplicate_open'
    this.#open.set(id, { ...event, partition })
    return 'amended'
  }

  #applyClosed(id: string, partition: number): string {
    if (this.#open.delete(id)) {
      this.#remember(id, partition)
      return 'closed'
    }
    if (this.#closed.has(id) || this.#waiting.has(id)) return 'duplicate_close'
    this.#waiting.add(id)
    return 'close_before_open'
  }

  #remember(id: string, partition: number): void {
    const ids = this.#closedByPartition.get(partition) ?? []
    this.#closedByPartition.set(partition, ids)
    this.#closed.add(id)
    ids.push(id)
    if (ids.length > this.#window) this.#closed.delete(ids.shift()!)
  }

  #symbols(): string[] {
    const symbols = new Set([...this.#open.values()].map((order) => order.symbol))
    return [...symbols].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  }

  /** Price and summed size of each level, best price first. */
  #levels(symbol: string, side: 'BUY' | 'SELL'): [price: bigint, size: bigint][] {
    const levels = new Map<bigint, bigint>()
    for (const order of this.#open.values()) {
      if (order.symbol !== symbol || order.side !== side) continue
      levels.set(order.price, (levels.get(order.price) ?? 0n) + order.size)
    }
    const sorted = [...levels].sort(([a], [b]) => (a < b ? -1 : 1))
    return side === 'BUY' ? sorted.reverse() : sorted
  }
}

function sideRows(symbol: string, side: string, levels: [price: bigint, size: bigint][]): string[] {
  let sum = 0n
  return levels.map(([price, size], index) => {
    const total = price * size
    sum += total
    return (
      `{"symbol":"${symbol}","side":"${side}_${index + 1}","price":${plain(price, 18)},` +
      `"amount":${plain(size, 18)},"total":${plain(total, 36)},"cum_sum":${plain(sum, 36)}}`
    )
  })
}

/** `units × 10^-scale` for a positive value, in the shortest plain form. */
export function plain(units: bigint, scale: number): string {
  const one = 10n ** BigInt(scale)
  const fraction = (units % one).toString().padStart(scale, '0').replace(/0+$/, '')
  return fraction === '' ? `${units / one}` : `${units / one}.${fraction}`
}
