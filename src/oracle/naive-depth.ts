/** The oracle of exchange prices: the contract's section 6 with fractions, every figure from its definition. */
import {
  cutText,
  exactText,
  type Fraction,
  fraction,
  isLess,
  minus,
  nearestText,
  over,
  plus,
  times,
  whole,
} from './naive-fraction.js'

/** A level as text, with the name of whoever it belongs to. */
export interface NaiveLevel {
  readonly exchange: string
  readonly price: string
  readonly amount: string
}

export interface NaiveShare {
  readonly exchange: string
  readonly base_amount: string
  readonly notional: string
}

export interface NaiveFill {
  readonly complete: boolean
  readonly price: string | null
  readonly base_amount: string
  readonly filled_notional: string
  readonly worst_price: string | null
  readonly levels: number
  readonly split: readonly NaiveShare[]
}

/** What an order takes of one level. */
interface Bite {
  readonly exchange: string
  readonly price: Fraction
  readonly base: Fraction
  readonly money: Fraction
}

const NOTHING = whole(0)

/** Takes level after level until exactly `notional` is spent or received. */
function bites(levels: readonly NaiveLevel[], notional: Fraction): Bite[] {
  const taken: Bite[] = []
  let left = notional
  for (const { exchange, price: priceText, amount } of levels) {
    if (!isLess(NOTHING, left)) break
    const price = fraction(priceText)
    const there = times(price, fraction(amount))
    const money = isLess(left, there) ? left : there
    taken.push({ exchange, price, base: over(money, price), money })
    left = minus(left, money)
  }
  return taken
}

function sum(values: readonly Fraction[]): Fraction {
  return values.reduce(plus, NOTHING)
}

/** @param exchanges the order in which the split names them */
export function naiveFill(
  levels: readonly NaiveLevel[],
  notionalText: string,
  exchanges: readonly string[],
): NaiveFill {
  const notional = fraction(notionalText)
  const taken = bites(levels, notional)
  const money = sum(taken.map((bite) => bite.money))
  const base = sum(taken.map((bite) => bite.base))
  const complete = !isLess(money, notional)
  const worst = taken.at(-1)?.price
  return {
    complete,
    price: complete ? nearestText(over(notional, base), 8) : null,
    base_amount: cutText(base, 12),
    filled_notional: exactText(money),
    worst_price: worst === undefined ? null : exactText(worst),
    levels: taken.length,
    split: exchanges.flatMap((exchange) => {
      const own = taken.filter((bite) => bite.exchange === exchange)
      if (own.length === 0) return []
      const base_amount = cutText(sum(own.map((bite) => bite.base)), 12)
      return [{ exchange, base_amount, notional: exactText(sum(own.map((bite) => bite.money))) }]
    }),
  }
}

/** The levels that an order takes; a last one that completes it shows its amount with 12 decimals. */
export function naiveExtract(levels: readonly NaiveLevel[], notionalText: string) {
  const notional = fraction(notionalText)
  let cumSum = NOTHING
  return bites(levels, notional).map(({ price, base, money }) => {
    cumSum = plus(cumSum, money)
    const isLast = !isLess(cumSum, notional)
    const amount = isLast ? cutText(base, 12) : exactText(base)
    return {
      price: exactText(price),
      amount,
      total: exactText(money),
      cum_sum: exactText(cumSum),
    }
  })
}

/** Basis points that a printed price costs against the exact mid. */
export function naiveSlippage(side: 'buy' | 'sell', price: string, mid: Fraction): string {
  const cost = side === 'buy' ? minus(fraction(price), mid) : minus(mid, fraction(price))
  return nearestText(over(times(whole(10_000), cost), mid), 4)
}

export function naiveMid(bid: string, ask: string): Fraction {
  return over(plus(fraction(bid), fraction(ask)), whole(2))
}

export function naiveDepthWithin(
  levels: readonly NaiveLevel[],
  mid: Fraction,
  bps: number,
): string {
  const reach = over(times(mid, whole(bps)), whole(10_000))
  const near = levels.filter(({ price }) => {
    const away = minus(fraction(price), mid)
    const distance = isLess(away, NOTHING) ? minus(NOTHING, away) : away
    return !isLess(reach, distance)
  })
  return exactText(sum(near.map(({ price, amount }) => times(fraction(price), fraction(amount)))))
}

/** @param prices as printed, in the order of preference; null where a book is too thin */
export function naiveBest(
  prices: readonly (readonly [exchange: string, price: string | null])[],
  side: 'buy' | 'sell',
) {
  const complete = prices.flatMap(([exchange, price]) => {
    return price === null ? [] : [{ exchange, text: price, price: fraction(price) }]
  })
  // Sorting is stable, so that the one named first stays first among equals.
  const [best, next] = complete.toSorted((a, b) => {
    const order = isLess(a.price, b.price) ? -1 : isLess(b.price, a.price) ? 1 : 0
    return side === 'buy' ? order : -order
  })
  if (best === undefined) return { exchange: null, price: null, advantage: null }
  const { exchange, text: price } = best
  if (next === undefined || next.price.over === 0n) return { exchange, price, advantage: null }
  const gain = side === 'buy' ? minus(next.price, best.price) : minus(best.price, next.price)
  const advantage = nearestText(over(times(whole(10_000), gain), next.price), 4)
  return { exchange, price, advantage }
}

/** All books' levels of one side sorted by price; equal ones stay in the order of the books. */
export function naiveMerge(
  books: readonly (readonly NaiveLevel[])[],
  side: 'bids' | 'asks',
): NaiveLevel[] {
  return books.flat().toSorted((a, b) => {
    const [left, right] = [fraction(a.price), fraction(b.price)]
    const order = isLess(left, right) ? -1 : isLess(right, left) ? 1 : 0
    return side === 'asks' ? order : -order
  })
}
