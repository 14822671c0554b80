/** Random exchange books as text: short, long, tiny and huge numbers, empty and thin sides. */
import type { Random } from './random.js'

export interface TextLevel {
  readonly price: string
  readonly amount: string
}

/** Levels best price first, no price twice in a side, the best bid below the best ask. */
export interface TextBook {
  readonly bids: readonly TextLevel[]
  readonly asks: readonly TextLevel[]
}

const LIMIT = 10n ** 18n

/** What all books of one market share: about where its prices lie, and how they are written. */
export interface Market {
  /** The middle, in units of 10^-scale. */
  readonly middle: bigint
  readonly scale: number
  readonly amountScale: number
  /** Amounts have at most so many digits. */
  readonly amountDigits: number
}

export function randomMarket(random: Random): Market {
  const middleDigits = random.pick([2, 5, 7, 7, 7, 12, 18])
  return {
    middle: randomUnits(random, middleDigits),
    scale: random.pick([0, 2, 2, 2, 8, 18]),
    amountScale: random.pick([0, 2, 8, 8, 8, 18]),
    amountDigits: random.pick([1, 4, 9, 9, 18]),
  }
}

/** @param most levels a side; now and then a side has none or one */
export function randomBook(random: Random, market: Market, most: number): TextBook {
  const shift = random.chance(0.5) ? 0n : randomUnits(random, 3)
  const middle = market.middle + shift
  return {
    bids: randomSide(random, { ...market, middle }, { away: -1n, most }),
    asks: randomSide(random, { ...market, middle: middle + 1n }, { away: 1n, most }),
  }
}

function randomSide(
  random: Random,
  { middle, scale, amountScale, amountDigits }: Market,
  { away, most }: { away: bigint; most: number },
): TextLevel[] {
  const count = random.pick([0, 1, random.below(most + 1), random.below(most + 1), most])
  const stepDigits = random.pick([0, 1, 2, 6])
  const levels: TextLevel[] = []
  let price = middle
  while (levels.length < count && price > 0n && price < LIMIT) {
    const amount = randomUnits(random, amountDigits)
    levels.push({ price: text(random, price, scale), amount: text(random, amount, amountScale) })
    price += away * randomUnits(random, stepDigits)
  }
  return levels
}

/** From 1 to 10^digits − 1; 1 where there are no digits. */
function randomUnits(random: Random, digits: number): bigint {
  const parts = [0, 1].map(() => `${random.below(1e9)}`.padStart(9, '0')).join('')
  const units = BigInt(parts.slice(0, digits) || '1')
  return units === 0n ? 1n : units
}

/** Exchanges pad differently, so the same value is written in several ways. */
function text(random: Random, units: bigint, scale: number): string {
  const digits = units.toString().padStart(scale + 1, '0')
  const point = digits.length - scale
  const plain = scale === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`
  if (!random.chance(0.2)) return plain
  return scale === 0 ? `${plain}.00` : `${plain}000`
}
