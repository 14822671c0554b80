/** The oracle's levels: the sum of the open sizes at each price, and the message that they make. */

export interface NaiveOrder {
  readonly symbol: string
  readonly side: 'BUY' | 'SELL'
  /** In units of 10^-18, as is the price. */
  readonly size: bigint
  readonly price: bigint
}

/** Size by price; a price without open orders is not there. */
type Sums = Map<bigint, bigint>

/** Kept up to date as orders come and go; prices are only sorted for a message. */
export class NaiveLadders {
  readonly #symbols = new Map<string, Record<'BUY' | 'SELL', Sums>>()

  add({ symbol, side, size, price }: NaiveOrder): void {
    const ladders = this.#symbols.get(symbol) ?? { BUY: new Map(), SELL: new Map() }
    this.#symbols.set(symbol, ladders)
    ladders[side].set(price, (ladders[side].get(price) ?? 0n) + size)
  }

  remove({ symbol, side, size, price }: NaiveOrder): void {
    const ladders = this.#symbols.get(symbol)!
    const left = ladders[side].get(price)! - size
    if (left === 0n) ladders[side].delete(price)
    else ladders[side].set(price, left)
    if (ladders.BUY.size + ladders.SELL.size === 0) this.#symbols.delete(symbol)
  }

  /** The tick message with at most `levels` levels a side. */
  message(levels: number): string {
    const rows: string[] = []
    // A symbol is ASCII alone, so that this is the order of its bytes.
    for (const symbol of [...this.#symbols.keys()].sort()) {
      const { BUY, SELL } = this.#symbols.get(symbol)!
      const bids = sideRows(symbol, 'buy', BUY, bestPrices(BUY, levels, isHigher))
      const asks = sideRows(symbol, 'sell', SELL, bestPrices(SELL, levels, isLower))
      for (let index = 0; index < bids.length || index < asks.length; index++) {
        if (bids[index] !== undefined) rows.push(bids[index]!)
        if (asks[index] !== undefined) rows.push(asks[index]!)
      }
    }
    return `[${rows.join(',')}]`
  }

  /** The symbols whose best bid is at or above their best ask. */
  crossed(): string[] {
    const crossed: string[] = []
    for (const [symbol, { BUY, SELL }] of this.#symbols) {
      const [bid] = bestPrices(BUY, 1, isHigher)
      const [ask] = bestPrices(SELL, 1, isLower)
      if (bid !== undefined && ask !== undefined && bid >= ask) crossed.push(symbol)
    }
    return crossed.sort()
  }
}

type IsBetter = (price: bigint, other: bigint) => boolean
const isHigher: IsBetter = (price, other) => price > other
const isLower: IsBetter = (price, other) => price < other

/** The best `count` prices, best first; most need one comparison, where sorting takes many. */
function bestPrices(sums: Sums, count: number, isBetter: IsBetter): bigint[] {
  if (sums.size <= count) return [...sums.keys()].sort((a, b) => (isBetter(a, b) ? -1 : 1))
  const best: bigint[] = []
  for (const price of sums.keys()) {
    if (best.length === count && !isBetter(price, best[count - 1]!)) continue
    const place = best.findIndex((other) => isBetter(price, other))
    best.splice(place < 0 ? best.length : place, 0, price)
    if (best.length > count) best.pop()
  }
  return best
}

function sideRows(symbol: string, side: string, sums: Sums, prices: readonly bigint[]): string[] {
  let sum = 0n
  return prices.map((price, index) => {
    const size = sums.get(price)!
    const total = price * size
    sum += total
    return (
      `{"symbol":"${symbol}","side":"${side}_${index + 1}","price":${plain(price, 18)},` +
      `"amount":${plain(size, 18)},"total":${plain(total, 36)},"cum_sum":${plain(sum, 36)}}`
    )
  })
}

/** `units × 10^-scale` for a positive value, in the shortest plain form. */
function plain(units: bigint, scale: number): string {
  const digits = units.toString().padStart(scale + 1, '0')
  const fraction = digits.slice(-scale).replace(/0+$/, '')
  return fraction === '' ? digits.slice(0, -scale) : `${digits.slice(0, -scale)}.${fraction}`
}
