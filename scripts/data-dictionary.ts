/** Prints docs/DATA.md, the data dictionary, from schemas/*.avsc: `make docs`. */
import { readFileSync, writeFileSync } from 'node:fs'
import { POSTGRES_QUESTIONS, QUESTIONS, type Question } from './data-questions.js'

interface RecordPlace {
  readonly schema: string
  readonly topic: string
  readonly key: string
  readonly freshness: string
  /** What stands besides the columns. */
  readonly note: string
}

/** What the schemas cannot say: where the records are, and how soon. */
const PLACES: readonly RecordPlace[] = [
  {
    schema: 'exchange-poll',
    topic: 'exchange-books',
    key: '`exchange/market`; of `round_complete` the word `round`',
    freshness: 'each as its request ends, at most 10 s after the minute; then `round_complete`',
    note: 'In the lake: table `exchange_polls`, before these columns `round_at` (TIMESTAMP: the round that the record came in, of a `late` one a later minute) and `position` (INTEGER: its place in the round).',
  },
  {
    schema: 'exchange-depth',
    topic: 'exchange-depth',
    key: '`exchange/market`',
    freshness: 'at most 2 s after the `round_complete` of its minute',
    note: 'In the lake: table `exchange_depth`.',
  },
  {
    schema: 'market-analytics',
    topic: 'market-analytics',
    key: '`market`',
    freshness: 'at most 2 s after the `round_complete` of its minute',
    note: 'In the lake: table `market_analytics`.',
  },
  {
    schema: 'order-book',
    topic: 'order-book',
    key: "the job's name",
    freshness: 'on every UTC second',
    note: 'Only with `run --format avro`. The JSON of this topic is the array of the levels alone, its decimals JSON numbers: `[{"symbol":"BTC-USDT","side":"buy_1","price":34045.24, …}, …]`. Tick and offsets are in the headers. Not in the lake.',
  },
]

type Type = string | readonly Type[] | Schema

interface Schema {
  readonly type: Type
  readonly name?: string
  readonly doc?: string
  readonly logicalType?: string
  readonly items?: Type
  readonly symbols?: readonly string[]
  readonly fields?: readonly Field[]
}

interface Field {
  readonly name: string
  readonly type: Type
  readonly doc: string
  readonly keptAsText?: boolean
}

const INTRODUCTION = `# The records
<!-- Made by scripts/data-dictionary.ts (\`make docs\`) from schemas/*.avsc: change those. -->

Every record that depthline writes, field by field. All times are UTC. All decimals are exact: they pass through no floating point on their way.

Without \`SCHEMA_REGISTRY_URL\` a topic holds JSON, checked against the same schemas when it is written and when it is read; with it, Avro in the frame of a Confluent registry, subject \`<topic>-value\`, compatibility BACKWARD. A reader with the registry takes both. The lake is Parquet: \`$DEPTHLINE_DATA/lake/<table>/date=YYYY-MM-DD/hour=HH/*.parquet\` (\`DEPTHLINE_DATA\` is \`./data\` where it is not set).

## How a value looks
| type | JSON | Avro | Parquet (DuckDB) |
|---|---|---|---|
| decimal | text, shortest plain form: \`"34045.24"\` | bytes, decimal(76, 36) | DECIMAL(38,18) |
| decimal + text | the same | the same | DECIMAL(38,18), null where the value does not fit exactly; and \`<name>_text\`, VARCHAR, always |
| timestamp | number, ms since 1970 | long, timestamp-millis | TIMESTAMP, without a zone, UTC |
| text | text | string | VARCHAR |
| one of … | text | enum | VARCHAR |
| whole number | number | int | INTEGER |
| true or false | true, false | boolean | BOOLEAN |
| bytes | text, base64 | bytes | BLOB |
| list of … | array | array | LIST |
| a record (linked) | object | record | STRUCT |

A field that may be null is written as null in JSON, and taken for null where it is absent; fields that a reader does not know are ignored. Sums in SQL stay exact as long as they are DECIMAL; \`avg\` gives a DOUBLE.
`

/** The whole of docs/DATA.md. */
export function dataDictionary(): string {
  return `${[INTRODUCTION, ...PLACES.map(recordSection), questionsSection(), postgresSection()].join('\n')}`
}

function recordSection(place: RecordPlace): string {
  const schema = readSchema(place.schema)
  const nested: Schema[] = []
  const table = columnTable(schema, nested)
  // The list grows while it is gone through, for records may hold records.
  const tables: string[] = []
  for (const record of nested) {
    const title = `### ${record.name}\n${record.doc}\n`
    tables.push(`${title}\n${columnTable(record, nested)}`)
  }
  const facts = [
    `| topic | \`${place.topic}\` |`,
    `| subject | \`${place.topic}-value\`, \`${schema.name}\` of [${place.schema}.avsc](../schemas/${place.schema}.avsc) |`,
    `| key | ${place.key} |`,
    `| fresh | ${place.freshness} |`,
  ]
  const head = `## ${place.topic}\n${schema.doc} ${place.note}\n`
  return [head, '| | |', '|---|---|', ...facts, '', [table, ...tables].join('\n')].join('\n')
}

function columnTable({ name, fields = [] }: Schema, nested: Schema[]): string {
  const rows = fields.map((field) => {
    // A bar would end the cell.
    const [meaning, ofNull] = split(field.doc.replaceAll('|', '\\|'))
    const isNullable = Array.isArray(field.type)
    if (isNullable !== (ofNull !== '')) {
      throw new Error(
        `${name}.${field.name}: only and always what may be null says what null means`,
      )
    }
    const text = field.keptAsText ? ' + text' : ''
    const type = typeText(field.type, nested)
    return `| \`${field.name}\` | ${type}${text} | ${meaning} | ${ofNull} |`
  })
  return ['| column | type | meaning | null |', '|---|---|---|---|', ...rows, ''].join('\n')
}

/** The sentence on null is the last one of a doc. */
function split(doc: string): [string, string] {
  const at = doc.search(/(?<=^|\. )Null /)
  if (at < 0) return [doc, '']
  return [doc.slice(0, at).trim(), doc.slice(at + 'Null '.length).replace(/\.$/, '')]
}

const PRIMITIVES: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'whole number',
  boolean: 'true or false',
  bytes: 'bytes',
}

function typeText(type: Type, nested: Schema[]): string {
  if (typeof type === 'string') return PRIMITIVES[type] ?? link(type)
  if (isUnion(type)) return typeText(type.find((branch) => branch !== 'null')!, nested)
  if (type.logicalType === 'decimal') return 'decimal'
  if (type.logicalType === 'timestamp-millis') return 'timestamp'
  if (type.type === 'array') return `list of ${typeText(type.items!, nested)}`
  if (type.type === 'enum') return `one of ${type.symbols?.join(', ')}`
  if (type.type !== 'record') throw new Error(`a type that has no words: ${JSON.stringify(type)}`)
  if (!nested.some(({ name }) => name === type.name)) nested.push(type)
  return link(type.name!)
}

function isUnion(type: Type): type is readonly Type[] {
  return Array.isArray(type)
}

function link(name: string): string {
  return `[${name}](#${name.toLowerCase()})`
}

function questionsSection(): string {
  const head = `## Questions and their SQL
For DuckDB, started where \`data/lake\` is (or with the path of another \`DEPTHLINE_DATA\` in its place). The condition on \`date\`, which is the name of a folder, leaves other days unread.
`
  return [head, ...QUESTIONS.map(questionText)].join('\n')
}

function questionText({ question, note, sql }: Question): string {
  return `### ${question}\n${note}\n\n\`\`\`sql\n${sql}\n\`\`\`\n`
}

/** The same records once more, so only what is different there. */
function postgresSection(): string {
  const head = `## In PostgreSQL
With \`DEPTHLINE_POSTGRES_URL\` every round is also rows in the schema \`depthline\`, made of the same columns: decimals are NUMERIC without a scale, exact however long, timestamps timestamptz, lists of text text[]. Each column has its meaning above as its comment (\`\\d+\` in psql). [OPERATIONS](OPERATIONS.md) says how it runs.

| table | a row for each | of the record |
|---|---|---|
| \`exchange_depth\` | round, market, exchange | exchange-depth; \`bids\` and \`asks\` as jsonb, their decimals as text |
| \`exchange_fill\` | …, notional, side | its \`fills\` |
| \`exchange_depth_within\` | …, bps | its \`depth\` |
| \`market_analytics\` | round, market | market-analytics; \`exchanges\` as jsonb; without \`depth\`, which is \`exchange_depth_within\` |
| \`consolidated_fill\` | …, notional, side | its \`consolidated\`; \`split\` as jsonb |

A row of a child table goes with that of its parent (\`ON DELETE CASCADE\`). Raw bodies stay in the lake; \`sha256\` finds them.
`
  return [head, ...POSTGRES_QUESTIONS.map(questionText)].join('\n')
}

function readSchema(name: string): Schema {
  return JSON.parse(readFileSync(new URL(`../schemas/${name}.avsc`, import.meta.url), 'utf8'))
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(new URL('../docs/DATA.md', import.meta.url), dataDictionary())
}
