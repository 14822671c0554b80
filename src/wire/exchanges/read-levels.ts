/** The two ladders of a body: exact numbers from strings, in the order in which they must stand. */
import {
  add,
  compare,
  type Decimal,
  fromLimbs,
  fromUnits,
  isZero,
  parseDecimal,
  toText,
} from '../../book/decimal.js'
import { Ladder } from '../../book/ladder.js'
import { BUY, type Magnitude, SELL, type Side } from '../../book/order-event.js'
import { readMagnitude } from '../magnitude.js'
import { invalidBody, show, type Unreadable } from './exchange.js'
import type { Fields } from './json-body.js'

/** Where price and amount stand in each row: places of an array or names of an object. */
export type RowKeys =
  | { readonly price: number; readonly amount: number }
  | { readonly price: string; readonly amount: string }

/** Most exchanges write `[price, amount, …]`. */
export const IN_ARRAYS: RowKeys = { price: 0, amount: 1 }

/** Reads `bids` and `asks`, which must be sorted best price first. */
export function readLevels(
  fields: Fields,
  keys: RowKeys,
): { readonly bids: Ladder; readonly asks: Ladder } | Unreadable {
  const bids = readSide(fields, { name: 'bids', side: BUY, keys })
  if ('reason' in bids) return bids
  const asks = readSide(fields, { name: 'asks', side: SELL, keys })
  return 'reason' in asks ? asks : { bids, asks }
}

interface SideOfBody {
  readonly name: 'bids' | 'asks'
  readonly side: Side
  readonly keys: RowKeys
}

function readSide(fields: Fields, { name, side, keys }: SideOfBody): Ladder | Unreadable {
  const rows = fields[name]
  if (rows === undefined) return invalidBody(`${name} is missing`)
  if (!Array.isArray(rows)) return invalidBody(`${name} is ${show(rows)}, not an array`)
  const ladder = new Ladder(side)
  let last: { price: Decimal; amount: Decimal } | undefined
  let worth = 0
  for (const [at, row] of rows.entries()) {
    const level = readRow(row, keys)
    if (typeof level === 'string') return invalidBody(`${name}[${at}] ${level}`)
    const step = last === undefined ? 1 : compare(level.price, last.price) * (side === BUY ? -1 : 1)
    if (last !== undefined && step < 0) return unsorted(`${name}[${at}]`, level.price, last.price)
    // Some exchanges split one price over two rows; it is one level.
    if (last !== undefined && step === 0) {
      level.amount = add(last.amount, level.amount)
      if (compare(level.amount, LARGEST) >= 0) {
        return invalidBody(`${name}[${at}] brings the amount at one price to 10^18 or more`)
      }
    }
    ladder.set(level.price, level.amount)
    last = level
    worth += numberOf(level.price) * numberOf(level.amount)
  }
  // The records hold less than 10^40, of all exchanges together.
  return worth < MOST_WORTH ? ladder : invalidBody(`${name} are worth 10^39 or more together`)
}

const LARGEST = fromUnits(10n ** 18n, 0)
const MOST_WORTH = 1e39

/** Near enough to tell what is absurd. */
function numberOf({ units, scale }: Decimal): number {
  return Number(units) / 10 ** scale
}

function unsorted(place: string, price: Decimal, before: Decimal): Unreadable {
  const detail = `${place} price ${toText(price)} comes after the worse ${toText(before)}`
  return { reason: 'unsorted', detail }
}

/** The row's level, or what is wrong with it. */
function readRow(row: unknown, keys: RowKeys): { price: Decimal; amount: Decimal } | string {
  const isArray = typeof keys.price === 'number'
  if (typeof row !== 'object' || row === null || Array.isArray(row) !== isArray) {
    return `is ${show(row)}, not an ${isArray ? 'array' : 'object'}`
  }
  const values = row as Readonly<Record<string | number, unknown>>
  const price = readNumber(values[keys.price])
  if (typeof price === 'string') return `price is ${price}`
  const amount = readNumber(values[keys.amount])
  if (typeof amount === 'string') return `amount is ${amount}`
  return { price, amount }
}

/** Whatever digits so short a text holds, they are at most 18 and the value is below 10^18. */
const SHORT_TEXT = 17
/** Longer ones hold nothing but padding, and are not worth reading. */
const LONGEST_TEXT = 1000
/** Coinbase has been seen to write small sizes as `1e-8`. */
const NUMBER = /^\d+(\.\d+)?(e[+-]?\d+)?$/i

/** A value above zero as order events may have it, or what it is instead. */
function readNumber(value: unknown): Decimal | string {
  if (value === undefined) return 'missing'
  // A JSON number has already been rounded to a double.
  if (typeof value !== 'string') return `${show(value)} and no string`
  if (value.length > LONGEST_TEXT || !NUMBER.test(value)) return `${show(value)} and no decimal`
  const decimal = value.length <= SHORT_TEXT ? parseDecimal(value) : undefined
  if (decimal !== undefined) {
    return isZero(decimal) ? `${show(value)}: not above 0` : decimal
  }
  const magnitude: Magnitude = { high: 0, low: 0, scale: 0 }
  const problem = readMagnitude(new TextEncoder().encode(value), 0, value.length, magnitude)
  if (problem !== undefined) return `${show(value)}: ${problem}`
  return fromLimbs(magnitude.high, magnitude.low, magnitude.scale)
}
