/** The names of the fields that mean something, and how they are told in bytes. */

export const NAMES = [
  'order_id',
  'status',
  'symbol',
  'order_side',
  'size',
  'price',
  'created_at',
] as const

/** Each field by its number, which is its place in {@link NAMES}. */
export const Field = {
  order_id: 0,
  status: 1,
  symbol: 2,
  order_side: 3,
  size: 4,
  price: 5,
  created_at: 6,
} as const
export type Field = (typeof Field)[keyof typeof Field]

export const UNKNOWN = -1

/**
 * The field whose name, closing quote and colon stand at `at`, or {@link UNKNOWN}.
 *
 * Names are half of a record's bytes, so each is compared byte by byte in the open:
 * a loop over the name made reading a record a quarter slower.
 */
export function fieldAt(bytes: Uint8Array, at: number): Field | typeof UNKNOWN {
  switch (bytes[at]) {
    case 0x6f: // o
      if (bytes[at + 6] === 0x69) return isOrderId(bytes, at) ? Field.order_id : UNKNOWN
      return isOrderSide(bytes, at) ? Field.order_side : UNKNOWN
    case 0x73: // s
      if (bytes[at + 1] === 0x74) return isStatus(bytes, at) ? Field.status : UNKNOWN
      if (bytes[at + 1] === 0x69) return isSize(bytes, at) ? Field.size : UNKNOWN
      return isSymbol(bytes, at) ? Field.symbol : UNKNOWN
    case 0x70: // p
      return isPrice(bytes, at) ? Field.price : UNKNOWN
    case 0x63: // c
      return isCreatedAt(bytes, at) ? Field.created_at : UNKNOWN
    default:
      return UNKNOWN
  }
}

/** `order_id":` from its second byte on. */
function isOrderId(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at + 1] === 0x72 &&
    bytes[at + 2] === 0x64 &&
    bytes[at + 3] === 0x65 &&
    bytes[at + 4] === 0x72 &&
    bytes[at + 5] === 0x5f &&
    bytes[at + 6] === 0x69 &&
    bytes[at + 7] === 0x64 &&
    bytes[at + 8] === 0x22 &&
    bytes[at + 9] === 0x3a
  )
}

/** `order_side":` from its second byte on. */
function isOrderSide(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at + 1] === 0x72 &&
    bytes[at + 2] === 0x64 &&
    bytes[at + 3] === 0x65 &&
    bytes[at + 4] === 0x72 &&
    bytes[at + 5] === 0x5f &&
    bytes[at + 6] === 0x73 &&
    bytes[at + 7] === 0x69 &&
    bytes[at + 8] === 0x64 &&
    bytes[at + 9] === 0x65 &&
    bytes[at + 10] === 0x22 &&
    bytes[at + 11] === 0x3a
  )
}

/** `status":` from its second byte on. */
function isStatus(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at + 1] === 0x74 &&
    bytes[at + 2] === 0x61 &&
    bytes[at + 3] === 0x74 &&
    bytes[at + 4] === 0x75 &&
    bytes[at + 5] === 0x73 &&
    bytes[at + 6] === 0x22 &&
    bytes[at + 7] === 0x3a
  )
}

/** `size":` from its second byte on. */
function isSize(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at + 1] === 0x69 &&
    bytes[at + 2] === 0x7a &&
    bytes[at + 3] === 0x65 &&
    bytes[at + 4] === 0x22 &&
    bytes[at + 5] === 0x3a
  )
}

/** `symbol":` from its second byte on. */
function isSymbol(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at + 1] === 0x79 &&
    bytes[at + 2] === 0x6d &&
    bytes[at + 3] === 0x62 &&
    bytes[at + 4] === 0x6f &&
    bytes[at + 5] === 0x6c &&
    bytes[at + 6] === 0x22 &&
    bytes[at + 7] === 0x3a
  )
}

/** `price":` from its second byte on. */
function isPrice(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at + 1] === 0x72 &&
    bytes[at + 2] === 0x69 &&
    bytes[at + 3] === 0x63 &&
    bytes[at + 4] === 0x65 &&
    bytes[at + 5] === 0x22 &&
    bytes[at + 6] === 0x3a
  )
}

/** `created_at":` from its second byte on. */
function isCreatedAt(bytes: Uint8Array, at: number): boolean {
  return (
    bytes[at + 1] === 0x72 &&
    bytes[at + 2] === 0x65 &&
    bytes[at + 3] === 0x61 &&
    bytes[at + 4] === 0x74 &&
    bytes[at + 5] === 0x65 &&
    bytes[at + 6] === 0x64 &&
    bytes[at + 7] === 0x5f &&
    bytes[at + 8] === 0x61 &&
    bytes[at + 9] === 0x74 &&
    bytes[at + 10] === 0x22 &&
    bytes[at + 11] === 0x3a
  )
}
