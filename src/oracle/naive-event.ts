/** The oracle's reading of a record: the contract's rules, sentence by sentence. */
import { naiveJson, naiveMembers } from './naive-json.js'

/** An OPEN, its price and size in units of 10^-18. */
export interface NaiveOpen {
  status: 'OPEN'
  id: string
  symbol: string
  side: 'BUY' | 'SELL'
  size: bigint
  price: bigint
}

export interface NaiveClosed {
  status: 'CLOSED'
  id: string
}

/** The event that the bytes hold, or the name of the first reason why they hold none. */
export function naiveEvent(bytes: Uint8Array): NaiveOpen | NaiveClosed | string {
  if (bytes.length > 65_536) return 'too_large'
  const text = naiveJson(bytes)
  if (text === undefined) return 'invalid_json'
  if (!text.trimStart().startsWith('{')) return 'not_an_object'
  const members = naiveMembers(text)
  const fields = new Map(members)
  if (fields.size < members.length) return 'duplicate_key'
  for (const [key, raw] of members) if (raw === 'null') fields.delete(key)
  if (!fields.has('order_id') || !fields.has('status')) return 'missing_field'
  const status = textOf(fields.get('status'))
  if (status === 'OPEN') {
    for (const key of ['symbol', 'order_side', 'size', 'price']) {
      if (!fields.has(key)) return 'missing_field'
    }
  }
  return checkedEvent(status, fields) ?? 'invalid_field'
}

function checkedEvent(
  status: string | undefined,
  fields: ReadonlyMap<string, string>,
): NaiveOpen | NaiveClosed | undefined {
  const createdAt = fields.get('created_at')
  if (createdAt !== undefined && !isNumber(createdAt)) return undefined
  const id = naiveId(fields.get('order_id')!)
  if (id === undefined) return undefined
  if (status === 'CLOSED') return { status, id }
  if (status !== 'OPEN') return undefined
  const symbol = textOf(fields.get('symbol'))
  const side = textOf(fields.get('order_side'))
  const size = naiveValue(fields.get('size')!)
  const price = naiveValue(fields.get('price')!)
  if (symbol === undefined || !/^[A-Za-z0-9][A-Za-z0-9._/:-]{0,31}$/.test(symbol)) return undefined
  if (side !== 'BUY' && side !== 'SELL') return undefined
  if (size === undefined || price === undefined) return undefined
  return { status, id, symbol, side, size, price }
}

function naiveId(raw: string): string | undefined {
  if (/^[0-9]+$/.test(raw)) return BigInt(raw) <= 2n ** 64n - 1n ? raw : undefined
  const text = textOf(raw)
  if (text === undefined || !text.isWellFormed()) return undefined
  const { length } = new TextEncoder().encode(text)
  return length >= 1 && length <= 64 ? text : undefined
}

/** The text of a JSON string, undefined for a value of any other type. */
function textOf(raw: string | undefined): string | undefined {
  return raw?.startsWith('"') ? (JSON.parse(raw) as string) : undefined
}

const NUMBER = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/

function isNumber(raw: string): boolean {
  return NUMBER.test(raw)
}

/** A size or price in units of 10^-18, from a JSON number or from a string that holds exactly one. */
export function naiveValue(raw: string): bigint | undefined {
  const match = NUMBER.exec(textOf(raw) ?? raw)
  if (match === null) return undefined
  const [, sign, integer = '', fraction = '', power = '0'] = match
  let exponent = BigInt(power) - BigInt(fraction.length)
  const all = integer + fraction
  // Loops, because /0+$/ takes a time that grows with the square of a long row of zeros.
  let start = 0
  let end = all.length
  while (start < end && all[start] === '0') start++
  while (end > start && all[end - 1] === '0') end--
  const digits = all.slice(start, end)
  exponent += BigInt(all.length - end)
  if (digits === '' || sign === '-') return undefined
  if (digits.length > 18 || exponent < -18n) return undefined
  if (BigInt(digits.length) + exponent > 18n) return undefined
  return BigInt(digits) * 10n ** (exponent + 18n)
}
