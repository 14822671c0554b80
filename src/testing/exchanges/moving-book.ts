/** A made-up order book that moves with time: a random walk, the same for a seed and a moment on every machine. */
import { Random } from '../random.js'

export type SimulatedExchange = 'coinbase' | 'kraken' | 'bitstamp' | 'gemini'
export type SimulatedMarket = 'BTC-USD' | 'ETH-USD'

/** Prices in cents, sizes in 10^-8 of the base currency: whole numbers, so that each body spells them its own way. */
export interface SimulatedLevel {
  cents: number
  size: number
  orders: number
  /** Age of its newest order. */
  ageS: number
}

export interface SimulatedBook {
  readonly market: SimulatedMarket
  readonly atMs: number
  /** Best price first. */
  readonly bids: SimulatedLevel[]
  readonly asks: SimulatedLevel[]
}

export interface BookOfWhat {
  readonly seed: number
  readonly exchange: SimulatedExchange
  readonly market: SimulatedMarket
  readonly atMs: number
  /** Levels a side. */
  readonly levels: number
}

const MARKETS = {
  'BTC-USD': { startCents: 6_000_000, typicalSize: 20_000_000 },
  'ETH-USD': { startCents: 300_000, typicalSize: 400_000_000 },
} as const
/** How far an exchange stands from the others on the whole, as a share of the price. */
const PREMIUM = { coinbase: 0, kraken: 0.000_15, bitstamp: -0.000_2, gemini: 0.000_1 } as const
/** A side goes no further from the middle than this share of it. */
const REACH = 0.6

export function simulatedBook(what: BookOfWhat): SimulatedBook {
  const { seed, exchange, market, atMs, levels } = what
  const own = 1 + PREMIUM[exchange] + 0.000_05 * noise(`${seed}/${exchange}/${market}`, atMs, 3)
  const middle = MARKETS[market].startCents * own * (1 + walk(`${seed}/${market}`, atMs))
  const random = new Random(hash(`${seed}/${exchange}/${market}/${Math.floor(atMs / 1000)}`))
  const tick = exchange === 'kraken' && market === 'BTC-USD' ? 10 : 1
  const side = (direction: 1 | -1) => {
    const spread = direction === 1 ? 1 + random.below(30) : 0
    const best = Math.floor(middle / tick) + spread
    const widest = Math.max(1, Math.floor((middle / tick) * (REACH / levels)))
    const typicalSize = MARKETS[market].typicalSize
    return makeSide(random, { best, direction, tick, levels, widest, typicalSize })
  }
  return { market, atMs, bids: side(-1), asks: side(1) }
}

function makeSide(
  random: Random,
  shape: {
    best: number
    direction: 1 | -1
    tick: number
    levels: number
    widest: number
    typicalSize: number
  },
): SimulatedLevel[] {
  let ticks = shape.best
  return Array.from({ length: shape.levels }, (_, index) => {
    // Close to the middle the levels are dense, further out there are gaps.
    if (index > 0) {
      ticks += shape.direction * (1 + random.below(Math.min(1 + index / 10, shape.widest)))
    }
    const size = 1 + Math.floor(shape.typicalSize * 2 * random.next() ** 3)
    // Round sizes show whether trailing zeros are written or not.
    const rounded = random.chance(0.2) ? Math.max(1, Math.round(size / 1e7)) * 1e7 : size
    return {
      cents: ticks * shape.tick,
      size: rounded,
      orders: 1 + random.below(9),
      ageS: random.below(600),
    }
  })
}

/** A share of up to 2.6 % up or down, made of waves from 1 s to 4.5 h long, the longer the higher. */
function walk(key: string, atMs: number): number {
  let share = 0
  for (let wave = 0; wave < 8; wave++) share += 0.000_1 * 2 ** wave * noise(key, atMs, wave)
  return share
}

/** From −1 to 1: random at every 4^wave seconds, straight lines between. */
function noise(key: string, atMs: number, wave: number): number {
  const steps = atMs / (1000 * 4 ** wave)
  const step = Math.floor(steps)
  const at = (n: number) => new Random(hash(`${key}/${wave}/${n}`)).next() * 2 - 1
  return at(step) + (at(step + 1) - at(step)) * (steps - step)
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let word = 0x811c9dc5
  for (const character of text) word = Math.imul(word ^ character.charCodeAt(0), 0x01000193)
  return word >>> 0
}
