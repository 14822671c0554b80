/** The flags of the analysis: order sizes and fees. */
import * as z from 'zod'
import { compare, type Decimal, parseDecimal, ZERO } from '../book/decimal.js'
import { EXCHANGES } from '../wire/exchanges/exchanges.js'

const EXCHANGE_NAMES = EXCHANGES.map(({ name }) => name)

/** Amounts of quote currency above zero, with commas between them; sorted, the smallest first. */
export function notionalList() {
  return z
    .string()
    .transform((text) => text.split(',').map(positive))
    .refine((list) => list.every((value) => value !== undefined), 'amounts such as 50000,100000')
    .transform((list) => list.filter((value) => value !== undefined).sort(compare))
    .refine(
      (list) => list.every((value, index) => index === 0 || compare(list[index - 1]!, value) < 0),
      'amounts that differ',
    )
}

/** `coinbase=60,kraken=40`: taker fees in basis points, which may have decimals. */
export function feeList() {
  const expected = 'fees in basis points, such as coinbase=60,kraken=40'
  return z
    .string()
    .transform((text) => text.split(',').map((part) => part.split('=')))
    .refine(areFees, `${expected}, each exchange once, of ${EXCHANGE_NAMES.join(', ')}`)
    .transform((parts) => new Map(parts.map(([name = '', bps = '']) => [name, feeOf(bps)!])))
}

function areFees(parts: readonly (readonly string[])[]): boolean {
  const names = new Set(parts.map(([name]) => name))
  const isFee = ([name = '', bps = '', ...more]: readonly string[]) =>
    EXCHANGE_NAMES.includes(name) && feeOf(bps) !== undefined && more.length === 0
  return names.size === parts.length && parts.every(isFee)
}

const MAX_DIGITS = 18
const MAX_FEE_BPS: Decimal = { units: 10_000, scale: 0 }

function feeOf(text: string): Decimal | undefined {
  const fee = text.length > MAX_DIGITS ? undefined : parseDecimal(text)
  if (fee === undefined || compare(fee, ZERO) < 0) return undefined
  return compare(fee, MAX_FEE_BPS) < 0 ? fee : undefined
}

function positive(text: string): Decimal | undefined {
  const value = text.length > MAX_DIGITS ? undefined : parseDecimal(text)
  return value !== undefined && compare(value, ZERO) > 0 ? value : undefined
}
