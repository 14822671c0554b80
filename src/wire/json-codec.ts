/** Records as JSON, checked against their Avro schema: what the topics carry where there is no registry. */
import type { types } from 'avsc'
import { DepthlineError } from '../errors.js'
import { shortestText } from './avro-decimal.js'
import { type AvroType, assertRecord, fromBase64, toBase64 } from './avro-types.js'
import type { RecordCodec } from './record-codec.js'

/** A value as JSON has it, and back; neither checks, because the schema does. */
interface JsonForm {
  toJson(value: unknown): unknown
  /** What is not of this form is left as it is, for the schema to refuse. */
  fromJson(json: unknown): unknown
}

/** The first byte of what a schema registry frames; no JSON begins with it. */
export const REGISTRY_BYTE = 0

/**
 * Prints fields in the schema's order, so that a record has one text: decimals as
 * text, timestamps as milliseconds since 1970, bytes as base64, null where a value
 * is. Fields that the schema does not know are ignored.
 */
export function jsonCodec<T>(type: AvroType): RecordCodec<T> {
  const form = jsonForm(type)
  const encoder = new TextEncoder()
  const schema = String(type.name)
  return {
    schema,
    async encode(record) {
      assertRecord(type, record)
      return encoder.encode(JSON.stringify(form.toJson(record)))
    },
    async decode(value) {
      const record = form.fromJson(parse(value, schema))
      assertRecord(type, record)
      return record as T
    },
  }
}

function parse(value: Uint8Array, schema: string): unknown {
  if (value[0] === REGISTRY_BYTE) {
    throw new DepthlineError(
      'BAD_RECORD',
      `the value is Avro of a schema registry, and ${schema} was expected as JSON: set SCHEMA_REGISTRY_URL`,
    )
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(value))
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause)
    throw new DepthlineError('BAD_RECORD', `no JSON of ${schema}: ${what}`, { cause })
  }
}

const PLAIN: JsonForm = { toJson: (value) => value, fromJson: (json) => json }

const DECIMAL: JsonForm = { toJson: shortest, fromJson: shortest }

const BYTES: JsonForm = {
  toJson: (value) => toBase64(value as Uint8Array),
  fromJson: (json) => (typeof json === 'string' ? (fromBase64(json) ?? json) : json),
}

function jsonForm(type: AvroType): JsonForm {
  const { typeName } = type
  if (typeName === 'record') return recordForm(type as types.RecordType)
  if (typeName === 'array') return arrayForm((type as types.ArrayType).itemsType)
  if (typeName === 'union:unwrapped') return nullableForm(type as types.UnwrappedUnionType)
  if (typeName === 'logical:decimal') return DECIMAL
  if (typeName === 'logical:raw') return BYTES
  return PLAIN
}

function recordForm({ fields }: types.RecordType): JsonForm {
  const forms = fields.map(({ name, type }) => ({ name, form: jsonForm(type) }))
  const map = (record: unknown, convert: (form: JsonForm, value: unknown) => unknown) => {
    const values = record as Record<string, unknown>
    const mapped: Record<string, unknown> = {}
    for (const { name, form } of forms) mapped[name] = convert(form, values[name])
    return mapped
  }
  return {
    toJson: (record) => map(record, (form, value) => form.toJson(value)),
    fromJson: (json) => {
      if (typeof json !== 'object' || json === null || Array.isArray(json)) return json
      return map(json, (form, value) => form.fromJson(value))
    },
  }
}

function arrayForm(items: AvroType): JsonForm {
  const form = jsonForm(items)
  return {
    toJson: (values) => (values as unknown[]).map(form.toJson),
    fromJson: (json) => (Array.isArray(json) ? json.map(form.fromJson) : json),
  }
}

/** Absent is null, as the schemas' defaults say. */
function nullableForm({ types }: types.UnwrappedUnionType): JsonForm {
  const [none, value, ...others] = types
  if (none?.typeName !== 'null' || value === undefined || others.length > 0) {
    throw new Error(`no JSON form for a union of ${types.map(({ typeName }) => typeName)}`)
  }
  const form = jsonForm(value)
  return {
    toJson: (given) => (given == null ? null : form.toJson(given)),
    fromJson: (json) => (json == null ? null : form.fromJson(json)),
  }
}

function shortest(value: unknown): unknown {
  return typeof value === 'string' ? (shortestText(value) ?? value) : value
}
