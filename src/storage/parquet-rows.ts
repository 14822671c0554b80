/** Records as the rows that DuckDB takes, every decimal exact or refused, and rows as records again. */
import { DepthlineError } from '../errors.js'
import type { Column, ColumnType } from './avro-columns.js'

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }
export type Row = Readonly<Record<string, unknown>>

/** DECIMAL(38,18): what stands before the point, and behind it. */
const WHOLE_DIGITS = 20
const FRACTION_DIGITS = 18
const PLAIN = /^-?(\d+)(?:\.(\d+))?$/

/**
 * A record as a JSON object of its columns and of the text beside its decimals.
 *
 * @throws DepthlineError BAD_RECORD that names the field whose value is not what the schema says,
 * or is a decimal that neither fits its column nor has a text beside it
 */
export function toRow(columns: readonly Column[], record: Row): Record<string, Json> {
  const row: Record<string, Json> = {}
  for (const column of columns) {
    const value = record[column.name] ?? null
    if (value === null && !column.isNullable) throw refused(column.name, 'it must not be null')
    row[column.name] = value === null ? null : cell(column, column.type, value)
    if (column.keptAsText) row[`${column.name}_text`] = value as string | null
  }
  return row
}

/** A row as DuckDB's client gives it, as a record; of a table without decimals. */
export function toRecord(columns: readonly Column[], row: Row): Row {
  return Object.fromEntries(
    columns.map(({ name, type }) => {
      const value = row[name]
      if (type.kind === 'timestamp' && value instanceof Date) return [name, value.getTime()]
      if (value instanceof Uint8Array) return [name, Uint8Array.from(value)]
      return [name, value]
    }),
  )
}

function cell(column: Column, type: ColumnType, value: unknown): Json {
  if (type.kind === 'list' && Array.isArray(value)) {
    return value.map((item) => cell(column, type.items, item))
  }
  if (type.kind === 'record' && typeof value === 'object') return toRow(type.fields, value as Row)
  if (type.kind === 'decimal' && typeof value === 'string') return decimalCell(column, value)
  // Half of a surrogate pair, where a text was cut, is no UTF-8.
  if (type.kind === 'text' && typeof value === 'string') return value.toWellFormed()
  if (type.kind === 'boolean' && typeof value === 'boolean') return value
  if (type.kind === 'bytes') return bytesCell(column, value)
  if (!Number.isSafeInteger(value)) throw refused(column.name, `it must be of type ${type.kind}`)
  if (type.kind === 'timestamp') return timestampText(value as number)
  if (type.kind === 'int' || type.kind === 'long') return value as number
  throw refused(column.name, `it must be of type ${type.kind}`)
}

/** `2026-11-20 10:00:00.000`, UTC, as DuckDB reads a timestamp. */
export function timestampText(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '')
}

function decimalCell(column: Column, text: string): string | null {
  const match = PLAIN.exec(text)
  if (match === null) throw refused(column.name, `${text.slice(0, 60)} is no plain decimal`)
  const whole = match[1]!.replace(/^0+/, '')
  const fraction = (match[2] ?? '').replace(/0+$/, '')
  if (whole.length <= WHOLE_DIGITS && fraction.length <= FRACTION_DIGITS) return text
  if (column.keptAsText) return null
  throw refused(column.name, `${text} does not fit ${WHOLE_DIGITS} digits and ${FRACTION_DIGITS}`)
}

/** Bytes pass through JSON as base64: those of a record as they are, those of a message already so. */
function bytesCell(column: Column, value: unknown): string {
  if (typeof value === 'string') return value
  if (!(value instanceof Uint8Array)) throw refused(column.name, 'it must be bytes')
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
}

function refused(name: string, reason: string): DepthlineError {
  return new DepthlineError('BAD_RECORD', `field ${name}: ${reason}`)
}
