/** Reads one order event from the bytes of a record, or says why it is rejected. */
import { BUY, emptyOrderEvent, type Magnitude, type OrderEvent, SELL } from '../book/order-event.js'
import { Field } from './field-names.js'
import { JsonKind, JsonScanner } from './json-scanner.js'
import { unescapeString } from './json-text.js'
import { readMagnitude } from './magnitude.js'
import { readOrderId } from './order-id.js'
import { RecordFields } from './record-fields.js'
import { SymbolReader } from './symbol-reader.js'

/** Why a record is rejected before it reaches the books; the first that applies is given. */
/** In the order of rank: where several apply, the first is the reason. */
export const READ_FAULTS = [
  'too_large',
  'invalid_json',
  'not_an_object',
  'duplicate_key',
  'missing_field',
  'invalid_field',
] as const

export type ReadFault = (typeof READ_FAULTS)[number]

export const MAX_RECORD_BYTES = 65_536

const OPEN = new TextEncoder().encode('OPEN')
const CLOSED = new TextEncoder().encode('CLOSED')
const BUY_TEXT = new TextEncoder().encode('BUY')
const SELL_TEXT = new TextEncoder().encode('SELL')

const NEEDED_BY_ALL: readonly Field[] = [Field.order_id, Field.status]
const NEEDED_BY_OPEN: readonly Field[] = [Field.symbol, Field.order_side, Field.size, Field.price]

/**
 * Reads records one after another into the same {@link event}. After a
 * rejection {@link detail} says more, in at most 200 characters without payload.
 */
export class OrderEventReader {
  /** What the next {@link read} fills. */
  event: OrderEvent = emptyOrderEvent()
  detail = ''
  readonly #fields = new RecordFields()
  readonly #symbols = new SymbolReader()
  readonly #numbers = new JsonScanner()
  #bytes: Uint8Array = new Uint8Array(0)

  /** Reads the record at `start … end` of `bytes`; undefined where {@link event} now holds it. */
  read(bytes: Uint8Array, start: number, end: number): ReadFault | undefined {
    if (end - start > MAX_RECORD_BYTES) {
      return this.#fault('too_large', `${end - start} bytes, at most ${MAX_RECORD_BYTES}`)
    }
    this.#bytes = bytes
    const fields = this.#fields
    const found = fields.scan(bytes, start, end)
    if (found === 'invalid') {
      const detail = end === start ? 'empty' : `unexpected at byte ${fields.faultAt}`
      return this.#fault('invalid_json', detail)
    }
    if (found === 'other') return this.#fault('not_an_object', 'JSON, but not an object')
    if (fields.duplicate !== '') return this.#fault('duplicate_key', fields.duplicate)
    return this.#readEvent()
  }

  #fault(fault: ReadFault, detail: string): ReadFault {
    this.detail = detail
    return fault
  }

  #readEvent(): ReadFault | undefined {
    const fields = this.#fields
    if (this.#misses(NEEDED_BY_ALL)) return 'missing_field'
    const isOpen = fields.hasText(Field.status, OPEN)
    if (isOpen && this.#misses(NEEDED_BY_OPEN)) return 'missing_field'
    if (!isOpen && !fields.hasText(Field.status, CLOSED)) {
      return this.#fault('invalid_field', 'status: neither OPEN nor CLOSED')
    }
    if (fields.has(Field.created_at) && fields.kinds[Field.created_at] !== JsonKind.number) {
      return this.#fault('invalid_field', 'created_at: not a number')
    }
    this.event.open = isOpen
    const wrong = this.#readId() ?? (isOpen ? this.#readOrder() : undefined)
    return wrong === undefined ? undefined : this.#fault('invalid_field', wrong)
  }

  #misses(needed: readonly Field[]): boolean {
    for (const field of needed) {
      if (this.#fields.has(field)) continue
      this.detail = this.#fields.nameOf(field)
      return true
    }
    return false
  }

  /** Undefined where the id was read; else what is wrong with it. */
  #readId(): string | undefined {
    const { kinds, starts, ends, escapes } = this.#fields
    const start = starts[Field.order_id]!
    const end = ends[Field.order_id]!
    let id: number | string | undefined
    switch (kinds[Field.order_id]) {
      case JsonKind.number:
        id = readOrderId.fromNumber(this.#bytes, start, end)
        if (id === undefined) return 'order_id: not an integer from 0 to 2^64-1 in digits only'
        break
      case JsonKind.string:
        id =
          escapes[Field.order_id] === 1
            ? readOrderId.fromText(unescapeString(this.#bytes, start, end))
            : readOrderId.fromString(this.#bytes, start + 1, end - 1)
        if (id === undefined) return 'order_id: not 1 to 64 bytes of well-formed text'
        break
      default:
        return 'order_id: neither a number nor a string'
    }
    this.event.orderId = id
    return undefined
  }

  /** Undefined where all that only an OPEN has was read; else what is wrong. */
  #readOrder(): string | undefined {
    const { event } = this
    const fields = this.#fields
    const symbol = this.#readSymbol()
    if (symbol === undefined) return 'symbol: not a symbol'
    event.symbol = symbol
    if (fields.hasText(Field.order_side, BUY_TEXT)) event.side = BUY
    else if (fields.hasText(Field.order_side, SELL_TEXT)) event.side = SELL
    else return 'order_side: neither BUY nor SELL'
    return (
      this.#readMagnitude(Field.size, event.size) ?? this.#readMagnitude(Field.price, event.price)
    )
  }

  #readSymbol(): string | undefined {
    const { kinds, starts, ends, escapes } = this.#fields
    if (kinds[Field.symbol] !== JsonKind.string) return undefined
    const start = starts[Field.symbol]!
    const end = ends[Field.symbol]!
    if (escapes[Field.symbol] === 0) return this.#symbols.read(this.#bytes, start + 1, end - 1)
    const text = new TextEncoder().encode(unescapeString(this.#bytes, start, end))
    return this.#symbols.read(text, 0, text.length)
  }

  #readMagnitude(field: Field, out: Magnitude): string | undefined {
    const { kinds, starts, ends, escapes } = this.#fields
    const kind = kinds[field]
    let bytes = this.#bytes
    let start = starts[field]!
    let end = ends[field]!
    if (kind === JsonKind.string) {
      if (escapes[field] === 1) {
        bytes = new TextEncoder().encode(`"${unescapeString(bytes, start, end)}"`)
        start = 0
        end = bytes.length
      }
      start++
      end--
    }
    if (
      kind !== JsonKind.number &&
      !(kind === JsonKind.string && this.#isNumber(bytes, start, end))
    ) {
      return `${this.#fields.nameOf(field)}: not a number`
    }
    const wrong = readMagnitude(bytes, start, end, out)
    return wrong === undefined ? undefined : `${this.#fields.nameOf(field)}: ${wrong}`
  }

  /** True where the bytes are one JSON number and nothing else. */
  #isNumber(bytes: Uint8Array, start: number, end: number): boolean {
    this.#numbers.reset(bytes, start, end)
    return start < end && this.#numbers.skipNumber() && this.#numbers.at === end
  }
}
