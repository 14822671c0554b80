/** The columns of a Parquet file, derived from a record's schema in schemas/. */
import { type SchemaName, schemaText } from './schema-files.js'

export type ColumnType =
  | { readonly kind: keyof typeof SQL_TYPES }
  | { readonly kind: 'list'; readonly items: ColumnType }
  | { readonly kind: 'record'; readonly fields: readonly Column[] }

export interface Column {
  readonly name: string
  readonly type: ColumnType
  readonly isNullable: boolean
  /** A decimal that may need more digits than Parquet has: `<name>_text` holds it whole. */
  readonly keptAsText: boolean
  /** What the schema says of it. */
  readonly doc: string
}

export const SQL_TYPES = {
  text: 'VARCHAR',
  int: 'INTEGER',
  long: 'BIGINT',
  boolean: 'BOOLEAN',
  bytes: 'BLOB',
  // Without a zone: the value is UTC, and no reader's session can show it as anything else.
  timestamp: 'TIMESTAMP',
  decimal: 'DECIMAL(38,18)',
} as const

type AvroType = string | readonly AvroType[] | AvroObject
interface AvroObject {
  readonly type: AvroType
  readonly logicalType?: string
  readonly name?: string
  readonly items?: AvroType
  readonly fields?: readonly AvroField[]
}
interface AvroField {
  readonly name: string
  readonly type: AvroType
  readonly keptAsText?: boolean
  readonly doc?: string
}
type NamedTypes = Map<string, ColumnType>

/** The columns of a record, one for each field. */
export function columnsOf(schema: SchemaName): readonly Column[] {
  const type = typeOf(JSON.parse(schemaText(schema)) as AvroObject, new Map())
  return type.kind === 'record' ? type.fields : []
}

function typeOf(type: AvroType, named: NamedTypes): ColumnType {
  if (typeof type === 'string') return named.get(type) ?? { kind: primitive(type) }
  if ('logicalType' in type) return { kind: logical(String(type.logicalType)) }
  if (Array.isArray(type)) throw new TypeError('a union other than of null and one type')
  const { type: kind, name, items, fields } = type as AvroObject
  if (kind === 'enum') return remember(named, name, { kind: 'text' })
  if (kind === 'array') return { kind: 'list', items: typeOf(items!, named) }
  if (kind !== 'record') return typeOf(kind, named)
  const columns = fields!.map((field) => columnOf(field, named))
  return remember(named, name, { kind: 'record', fields: columns })
}

function columnOf(field: AvroField, named: NamedTypes): Column {
  const { name, type, keptAsText = false, doc = '' } = field
  const isNullable = Array.isArray(type) && type[0] === 'null' && type.length === 2
  const inner: AvroType = isNullable ? (type as readonly AvroType[])[1]! : type
  return { name, type: typeOf(inner, named), isNullable, keptAsText, doc }
}

function remember(named: NamedTypes, name: string | undefined, type: ColumnType): ColumnType {
  if (name !== undefined) named.set(name, type)
  return type
}

function primitive(type: string): 'text' | 'int' | 'long' | 'boolean' | 'bytes' {
  if (type === 'string') return 'text'
  if (type === 'int' || type === 'long' || type === 'boolean' || type === 'bytes') return type
  throw new TypeError(`no column for the schema type ${type}`)
}

function logical(type: string): 'timestamp' | 'decimal' {
  if (type === 'timestamp-millis') return 'timestamp'
  if (type === 'decimal') return type
  throw new TypeError(`no column for the logical type ${type}`)
}
