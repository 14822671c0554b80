/** `export`: the messages of a topic as the text of a file, or as rows. */
import { DepthlineError } from '../errors.js'
import { TICK_CSV_HEADER, tickCsvLines } from '../wire/csv.js'
import { parseTickMessage, type TickRow } from '../wire/tick-message.js'

export const EXPORT_FORMATS = ['json', 'ndjson', 'csv'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** One message of the output topic, or a record of another topic. */
export interface TickRecord {
  /** Epoch second. */
  readonly tick: number
  readonly offset: string
  /** The message's value, one JSON array; or a record, one JSON object. */
  readonly value: string
  /** Names the schema of a record; a tick message has none. */
  readonly schema?: string | undefined
}

/** Rows of one message, as a table takes them: decimals as text, times in milliseconds. */
export interface ExportPiece {
  readonly schema: string | undefined
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  /** Length of the message that they come from. */
  readonly length: number
}

/** What was written so far. */
export interface ExportCounts {
  messages: number
  /** Rows over all messages. */
  levels: number
}

/** How a format frames its messages; what is empty is not written. */
interface Framing {
  readonly before: string
  message(record: TickRecord, rows: readonly TickRow[], isFirst: boolean): string
  after(messages: number): string
}

const FRAMINGS: Readonly<Record<ExportFormat, Framing>> = {
  json: {
    before: '[',
    message: ({ value }, _rows, isFirst) => `${isFirst ? '' : ','}\n${value}`,
    after: (messages) => (messages === 0 ? ']\n' : '\n]\n'),
  },
  ndjson: { before: '', message: ({ value }) => `${value}\n`, after: () => '' },
  csv: {
    before: TICK_CSV_HEADER,
    message({ tick, schema }, rows) {
      if (schema === undefined) return tickCsvLines(tick, rows)
      const message = `${schema} has fields within fields, which csv cannot hold: choose json, ndjson or parquet`
      throw new DepthlineError('USAGE', message)
    },
    after: () => '',
  },
}

/**
 * Yields the text of the file piece by piece, in the order of the messages:
 *
 * - `json`: one array of the messages' arrays, each on a line of its own
 * - `ndjson`: one message's array a line
 * - `csv`: a header, then one level a line with its tick first; an empty book has none;
 *   of tick messages only
 *
 * Messages go out as they are, so that no digit changes.
 *
 * @param counts is counted up as messages are taken, so that progress can be shown
 * @throws DepthlineError BAD_TICK where a value is no tick message; nothing of it is yielded;
 * USAGE where the format cannot hold the records
 */
export async function* exportText(
  input: AsyncIterable<TickRecord>,
  format: ExportFormat,
  counts: ExportCounts = { messages: 0, levels: 0 },
): AsyncGenerator<string, ExportCounts> {
  const { before, message, after } = FRAMINGS[format]
  let isFirst = true
  for await (const record of input) {
    const rows = readRows(record)
    const text = `${isFirst ? before : ''}${message(record, rows, isFirst)}`
    isFirst = false
    counts.messages++
    counts.levels += rows.length
    if (text !== '') yield text
  }
  const end = `${isFirst ? before : ''}${after(counts.messages)}`
  if (end !== '') yield end
  return counts
}

/**
 * Yields the rows of each message: of a tick message one for each level, with its tick.
 *
 * @throws DepthlineError BAD_TICK as {@link exportText}; BAD_RECORD where a topic mixes its records
 */
export async function* exportRows(
  input: AsyncIterable<TickRecord>,
  counts: ExportCounts,
): AsyncGenerator<ExportPiece> {
  let first: TickRecord | undefined
  for await (const record of input) {
    first ??= record
    const { tick, offset, schema, value } = record
    if (schema !== first.schema) {
      const message = `the record at offset ${offset} is of another kind than the first`
      throw new DepthlineError('BAD_RECORD', `${message}: ${schema ?? 'a tick message'}`)
    }
    const levels = readRows(record)
    counts.messages++
    counts.levels += levels.length
    const rows =
      schema === undefined
        ? levels.map(({ cumSum, ...row }) => ({ tick: tick * 1000, ...row, cum_sum: cumSum }))
        : [JSON.parse(value)]
    yield { schema, rows, length: value.length }
  }
}

/** None of a record, which has no levels to count. */
function readRows({ offset, value, schema }: TickRecord): TickRow[] {
  if (schema !== undefined) return []
  const rows = parseTickMessage(value)
  if (rows !== undefined) return rows
  throw new DepthlineError(
    'BAD_TICK',
    `the value at offset ${offset} is no tick message: is this the output topic of depthline run?`,
  )
}
