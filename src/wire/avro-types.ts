/** Record types from Avro schemas, and bytes as base64: the one file of this room that knows avsc and Buffer. */
import avsc, { type Schema, type Type, type types } from 'avsc'
import { DepthlineError } from '../errors.js'
import { type DecimalForm, decimalBytes, decimalText, shortestText } from './avro-decimal.js'

export type AvroType = Type
export type AvroResolver = ReturnType<Type['createResolver']>

/** `decimal` in JavaScript: its plain decimal text, every digit kept. */
class DecimalType extends avsc.types.LogicalType {
  readonly form: DecimalForm

  constructor(schema: Schema, options?: unknown) {
    super(schema, options)
    const { precision, scale = 0 } = schema as unknown as { precision: number; scale?: number }
    if (!(precision >= 1 && scale >= 0 && scale <= precision)) {
      throw new Error(`no decimal: precision ${precision}, scale ${scale}`)
    }
    this.form = { precision, scale }
  }

  protected override _fromValue(bytes: Uint8Array): string {
    const text = decimalText(bytes, this.form)
    if (text === undefined) throw new Error(`the bytes ${hex(bytes)} are no ${name(this.form)}`)
    return text
  }

  protected override _toValue(text: unknown): Buffer | undefined {
    const bytes = typeof text === 'string' ? decimalBytes(text, this.form) : undefined
    return bytes && asBuffer(bytes)
  }

  protected override _resolve(writer: Type): ((text: string) => string) | undefined {
    if (!(writer instanceof DecimalType)) return undefined
    const { precision, scale } = writer.form
    return scale === this.form.scale && precision <= this.form.precision ? same : undefined
  }
}

/** `bytes` in JavaScript: a Uint8Array, where avsc alone takes and gives Buffers. */
class BytesType extends avsc.types.LogicalType {
  protected override _fromValue({ buffer, byteOffset, byteLength }: Buffer): Uint8Array {
    return new Uint8Array(buffer, byteOffset, byteLength)
  }

  protected override _toValue(bytes: unknown): Buffer | undefined {
    return bytes instanceof Uint8Array ? asBuffer(bytes) : undefined
  }

  protected override _resolve(writer: Type): ((bytes: Uint8Array) => Uint8Array) | undefined {
    return writer instanceof BytesType ? same : undefined
  }
}

/** How avsc must read a schema for {@link avroType} to read what is written by it. */
export const AVRO_OPTIONS = {
  logicalTypes: { decimal: DecimalType },
  // An object is a schema with attributes, such as a decimal's, or what a type here is made from.
  typeHook: (schema: Schema, options: object): Type | undefined => {
    if (schema !== 'bytes') return undefined
    return new BytesType({ type: 'bytes', logicalType: 'raw' } as Schema, options)
  },
  // A decimal of no precision would be read as bytes else, and nobody would notice.
  assertLogicalTypes: true,
}

/**
 * The type of the records that a schema describes. In JavaScript a decimal is its
 * plain text, a timestamp milliseconds since 1970, bytes are a Uint8Array, and what
 * may be null is null or the value itself.
 *
 * @param schema the JSON of an .avsc file
 */
export function avroType(schema: unknown): AvroType {
  return avsc.Type.forSchema(schema as Schema, { ...AVRO_OPTIONS, wrapUnions: 'never' })
}

/** @throws DepthlineError BAD_RECORD that says where the record is not what its schema says */
export function assertRecord(type: AvroType, record: unknown): void {
  type.isValid(record, {
    errorHook: (path, value, expected) => {
      const fault = `${pathText(path)}: ${faultOf(value, expected)} (${type.name})`
      throw new DepthlineError('BAD_RECORD', fault)
    },
  })
}

/** The Avro bytes of a record that {@link assertRecord} has passed, without any frame. */
export function avroBytes(type: AvroType, record: unknown): Uint8Array {
  return type.toBuffer(record)
}

/**
 * @param resolver where the record was written by another schema than the type's
 * @throws DepthlineError BAD_RECORD
 */
export function readAvro(type: AvroType, bytes: Uint8Array, resolver?: AvroResolver): unknown {
  try {
    return type.fromBuffer(asBuffer(bytes), resolver)
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause)
    throw new DepthlineError('BAD_RECORD', `no Avro of ${type.name}: ${what}`, { cause })
  }
}

export function toBase64(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('base64')
}

/** Undefined where the text is no base64 with its padding. */
export function fromBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64')
  // Node passes over what it does not know, so only the way back tells.
  if (bytes.toString('base64') !== text) return undefined
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** `['fills', '0', 'price']` as `fills[0].price`. */
function pathText(path: readonly string[]): string {
  const text = path.map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`)).join('')
  return text.replace(/^\./, '') || 'the record'
}

function faultOf(value: unknown, expected: Type): string {
  if (value === undefined) return 'is missing'
  const type = valueTypeOf(expected)
  if (type instanceof DecimalType) {
    const isDecimal = typeof value === 'string' && shortestText(value.slice(0, 200)) !== undefined
    return isDecimal
      ? `${shown(value)} does not fit ${name(type.form)}`
      : `${shown(value)} is no decimal`
  }
  if (type.typeName === 'enum') {
    return `${shown(value)} is none of ${(type as types.EnumType).symbols.join(', ')}`
  }
  return `${shown(value)} is no ${type.typeName.replace('logical:raw', 'bytes')}`
}

/** What a value must be that is not null. */
function valueTypeOf(type: Type): Type {
  if (!avsc.Type.isType(type, 'union')) return type
  return (
    (type as types.UnwrappedUnionType).types.find(({ typeName }) => typeName !== 'null') ?? type
  )
}

const SHOWN = 60

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`
  const text = (typeof value === 'bigint' ? undefined : JSON.stringify(value)) ?? String(value)
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text
}

function name({ precision, scale }: DecimalForm): string {
  return `decimal(${precision}, ${scale})`
}

function hex(bytes: Uint8Array): string {
  return asBuffer(bytes.subarray(0, SHOWN)).toString('hex')
}

function same<T>(value: T): T {
  return value
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
