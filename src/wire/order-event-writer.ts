/** Writes order events the way the emulator sends them: as JSON text, or broken on purpose. */
import { BUY, type Side } from '../book/order-event.js'
import { MAX_RECORD_BYTES } from './order-event-reader.js'

/** An OPEN; price and size are exact decimal text and go into the JSON as they are. */
export interface WrittenOpen {
  readonly orderId: number
  readonly symbol: string
  readonly side: Side
  readonly price: string
  readonly size: string
  /** Epoch seconds. */
  readonly createdAt: number
}

export interface WrittenClose {
  readonly orderId: number
  /** Epoch seconds. */
  readonly createdAt: number
}

const encoder = new TextEncoder()

export function writeOpen(open: WrittenOpen): Uint8Array {
  return encoder.encode(openText(open))
}

/** @param explicitNulls carry the fields that a close does not need as nulls, as the original emulator does */
export function writeClose(close: WrittenClose, explicitNulls: boolean): Uint8Array {
  const nulls = explicitNulls ? ',"symbol":null,"order_side":null,"size":null,"price":null' : ''
  return encoder.encode(
    `{"order_id":${close.orderId}${nulls},"status":"CLOSED","created_at":${close.createdAt}}`,
  )
}

function openText({ orderId, symbol, side, price, size, createdAt }: WrittenOpen): string {
  return (
    `{"order_id":${orderId},"symbol":"${symbol}","order_side":"${side === BUY ? 'BUY' : 'SELL'}"` +
    `,"size":${size},"price":${price},"status":"OPEN","created_at":${createdAt}}`
  )
}

/** Ways to break a record, by what is done to it; the reason each is rejected for is in its comment. */
const BREAKERS = {
  /** `invalid_json` */
  truncated: (open) => writeOpen(open).slice(0, -20),
  /** `invalid_json` */
  badUtf8: (open) => replaceByte(writeOpen(open), '"OPEN"', 0xff),
  /** `invalid_json`: what Python's json module prints for a value that is no number. */
  notANumber: (open) => writeOpen({ ...open, price: 'NaN' }),
  /** `invalid_json` */
  empty: () => new Uint8Array(0),
  /** `not_an_object` */
  list: (open) => encoder.encode(`[${openText(open)}]`),
  /** `duplicate_key` */
  duplicateKey: (open) => encoder.encode(openText(open).replace('{', '{"status":"OPEN",')),
  /** `missing_field` */
  missingField: (open) => encoder.encode(openText(open).replace(/"price":[^,]*,/, '')),
  /** `invalid_field` */
  wrongType: (open) => writeOpen({ ...open, size: '{"value":1}' }),
  /** `invalid_field`: one significant digit more than a value may have. */
  nineteenDigits: (open) => writeOpen({ ...open, price: '1234567890.123456789' }),
  /** `invalid_field` */
  negative: (open) => writeOpen({ ...open, size: `-${open.size}` }),
  /** `too_large` */
  tooLarge: (open) =>
    encoder.encode(openText(open).replace('{', `{"note":"${'x'.repeat(MAX_RECORD_BYTES)}",`)),
} satisfies Record<string, (open: WrittenOpen) => Uint8Array>

export type Breakage = keyof typeof BREAKERS

export const BREAKAGES = Object.keys(BREAKERS) as Breakage[]

/** An OPEN that every reader must reject. */
export function writeBroken(open: WrittenOpen, breakage: Breakage): Uint8Array {
  return BREAKERS[breakage](open)
}

/** The record with the first character inside the quoted `word` overwritten. */
function replaceByte(bytes: Uint8Array, word: string, byte: number): Uint8Array {
  const at = new TextDecoder().decode(bytes).indexOf(word)
  bytes[at + 1] = byte
  return bytes
}
