/** The sums of open size at each price, and which of them changed since they were last read. */
import { type Decimal, fromLimbs, fromUnits, POWERS_OF_TEN, SAFE_HIGH } from './decimal.js'
import type { Magnitude } from './order-event.js'

/** Marks a level whose amount is kept as a bigint of 10^-18. */
const WIDE = 255
const WIDE_SCALE = 18
const NONE = 0xffff_ffff

/**
 * Levels in typed arrays, each known by a small number for as long as an order
 * rests on it or its change has not been read. Adding and removing is exact: an
 * amount is a safe integer at a scale of its own, or a bigint where it outgrows that.
 */
export class Levels {
  #count = 0
  #free: number[] = []
  #ladder = new Uint32Array(1024)
  #priceHigh = new Uint32Array(1024)
  #priceLow = new Uint32Array(1024)
  #priceScale = new Uint8Array(1024)
  #amount = new Float64Array(1024)
  #amountScale = new Uint8Array(1024)
  #orders = new Uint32Array(1024)
  #isChanged = new Uint8Array(1024)
  #changed: number[] = []
  readonly #wide = new Map<number, bigint>()
  /** Open addressing from (ladder, price) to the level's number. */
  #index = new Uint32Array(4096).fill(NONE)
  readonly #seed: number

  /** @param seed spreads the prices, so that nobody outside can choose ones that collide */
  constructor(seed: number) {
    this.#seed = seed
  }

  get changedCount(): number {
    return this.#changed.length
  }

  /** How many levels exist, those that are about to go included. */
  get size(): number {
    return this.#count - this.#free.length
  }

  ladderOf(level: number): number {
    return this.#ladder[level]!
  }

  hasPrice(level: number, price: Magnitude): boolean {
    return (
      this.#priceLow[level] === price.low &&
      this.#priceHigh[level] === price.high &&
      this.#priceScale[level] === price.scale
    )
  }

  priceOf(level: number): Decimal {
    return fromLimbs(this.#priceHigh[level]!, this.#priceLow[level]!, this.#priceScale[level]!)
  }

  /** Writes the level's price into `price`. */
  readPrice(level: number, price: Magnitude): void {
    price.high = this.#priceHigh[level]!
    price.low = this.#priceLow[level]!
    price.scale = this.#priceScale[level]!
  }

  amountOf(level: number): Decimal {
    const scale = this.#amountScale[level]!
    if (scale === WIDE) return fromUnits(this.#wide.get(level)!, WIDE_SCALE)
    return { units: this.#amount[level]!, scale }
  }

  /** The level of `price` in the ladder of that number, made where there is none. */
  at(ladder: number, price: Magnitude): number {
    const mask = this.#index.length - 1
    let slot = hash(ladder ^ this.#seed, price) & mask
    for (;;) {
      const level = this.#index[slot]!
      if (level === NONE) return this.#create(ladder, price, slot)
      if (this.#ladder[level] === ladder && this.hasPrice(level, price)) return level
      slot = (slot + 1) & mask
    }
  }

  addOrder(level: number, high: number, low: number, scale: number): void {
    this.#orders[level]!++
    this.#change(level)
    this.#addAmount(level, high, low, scale, 1)
  }

  removeOrder(level: number, high: number, low: number, scale: number): void {
    this.#orders[level]!--
    this.#change(level)
    this.#addAmount(level, high, low, scale, -1)
  }

  /**
   * Calls `visit` once for every level that changed since it was last visited, at most
   * `limit` of them and the oldest first, with whether any order is left on it; levels
   * without orders are gone afterwards.
   */
  takeChanged(
    visit: (level: number, isLeft: boolean) => void,
    limit = Number.POSITIVE_INFINITY,
  ): void {
    const taken = this.#changed.splice(0, Math.min(limit, this.#changed.length))
    for (const level of taken) {
      this.#isChanged[level] = 0
      const isLeft = this.#orders[level]! > 0
      visit(level, isLeft)
      if (!isLeft) this.#destroy(level)
    }
  }

  #change(level: number): void {
    if (this.#isChanged[level] === 1) return
    this.#isChanged[level] = 1
    this.#changed.push(level)
  }

  #addAmount(level: number, high: number, low: number, scale: number, sign: 1 | -1): void {
    const levelScale = this.#amountScale[level]!
    if (levelScale !== WIDE && high <= SAFE_HIGH) {
      const common = Math.max(levelScale, scale)
      const amount = this.#amount[level]! * POWERS_OF_TEN[common - levelScale]!
      const size = (high * 1e9 + low) * POWERS_OF_TEN[common - scale]!
      const sum = amount + sign * size
      // A product or sum beyond the safe integers is inexact, but never looks safe.
      if (
        amount <= Number.MAX_SAFE_INTEGER &&
        size <= Number.MAX_SAFE_INTEGER &&
        sum <= Number.MAX_SAFE_INTEGER
      ) {
        this.#amount[level] = sum
        this.#amountScale[level] = common
        return
      }
    }
    const before = wideUnits(this.amountOf(level))
    const size = wideUnits(fromLimbs(high, low, scale))
    this.#wide.set(level, sign === 1 ? before + size : before - size)
    this.#amountScale[level] = WIDE
  }

  #create(ladder: number, price: Magnitude, slot: number): number {
    const level = this.#free.pop() ?? this.#count++
    if (level === this.#ladder.length) this.#growLevels()
    this.#ladder[level] = ladder
    this.#priceHigh[level] = price.high
    this.#priceLow[level] = price.low
    this.#priceScale[level] = price.scale
    this.#amount[level] = 0
    this.#amountScale[level] = 0
    this.#orders[level] = 0
    this.#index[slot] = level
    if (this.size > this.#index.length / 2) this.#growIndex()
    return level
  }

  #destroy(level: number): void {
    if (Number(this.amountOf(level).units) !== 0) {
      throw new Error(`level ${level} has no orders and an amount`)
    }
    this.#wide.delete(level)
    this.#unindex(level)
    this.#free.push(level)
  }

  #unindex(level: number): void {
    const mask = this.#index.length - 1
    let hole = this.#home(level)
    while (this.#index[hole] !== level) hole = (hole + 1) & mask
    for (let slot = (hole + 1) & mask; this.#index[slot] !== NONE; slot = (slot + 1) & mask) {
      const moved = this.#index[slot]!
      const reaches = ((slot - this.#home(moved)) & mask) >= ((slot - hole) & mask)
      if (!reaches) continue
      this.#index[hole] = moved
      hole = slot
    }
    this.#index[hole] = NONE
  }

  #home(level: number): number {
    const price = {
      high: this.#priceHigh[level]!,
      low: this.#priceLow[level]!,
      scale: this.#priceScale[level]!,
    }
    return hash(this.#ladder[level]! ^ this.#seed, price) & (this.#index.length - 1)
  }

  #growIndex(): void {
    const old = this.#index
    this.#index = new Uint32Array(old.length * 2).fill(NONE)
    const mask = this.#index.length - 1
    for (const level of old) {
      if (level === NONE) continue
      let slot = this.#home(level)
      while (this.#index[slot] !== NONE) slot = (slot + 1) & mask
      this.#index[slot] = level
    }
  }

  #growLevels(): void {
    this.#ladder = doubled(this.#ladder, Uint32Array)
    this.#priceHigh = doubled(this.#priceHigh, Uint32Array)
    this.#priceLow = doubled(this.#priceLow, Uint32Array)
    this.#priceScale = doubled(this.#priceScale, Uint8Array)
    this.#amount = doubled(this.#amount, Float64Array)
    this.#amountScale = doubled(this.#amountScale, Uint8Array)
    this.#orders = doubled(this.#orders, Uint32Array)
    this.#isChanged = doubled(this.#isChanged, Uint8Array)
  }
}

function wideUnits(value: Decimal): bigint {
  return BigInt(value.units) * 10n ** BigInt(WIDE_SCALE - value.scale)
}

function hash(salt: number, { high, low, scale }: Magnitude): number {
  let code = Math.imul(low ^ Math.imul(salt, 0x9e3779b1), 0x85ebca6b)
  code ^= code >>> 15
  code = Math.imul(code ^ high ^ salt ^ (scale << 27), 0xc2b2ae35)
  return (code ^ (code >>> 13)) >>> 0
}

function doubled<T extends { length: number; set(array: T): void }>(
  array: T,
  Type: new (length: number) => T,
): T {
  const grown = new Type(array.length * 2)
  grown.set(array)
  return grown
}
