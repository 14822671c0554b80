/** `export`: the tick messages of a topic as the text of a file. */
import { DepthlineError } from '../errors.js'
import { TICK_CSV_HEADER, tickCsvLines } from '../wire/csv.js'
import { parseTickMessage, type TickRow } from '../wire/tick-message.js'

export const EXPORT_FORMATS = ['json', 'ndjson', 'csv'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

/** One message of the output topic. */
export interface TickRecord {
  /** Epoch second. */
  readonly tick: number
  readonly offset: string
  /** The message's value, one JSON array. */
  readonly value: string
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
    message: ({ tick }, rows) => tickCsvLines(tick, rows),
    after: () => '',
  },
}

/**
 * Yields the text of the file piece by piece, in the order of the messages:
 *
 * - `json`: one array of the messages' arrays, each on a line of its own
 * - `ndjson`: one message's array a line
 * - `csv`: a header, then one level a line with its tick first; an empty book has none
 *
 * Messages go out as they are, so that no digit changes.
 *
 * @param counts is counted up as messages are taken, so that progress can be shown
 * @throws DepthlineError BAD_TICK where a value is no tick message; nothing of it is yielded
 */
export async function* exportText(
  input: AsyncIterable<TickRecord>,
  format: ExportFormat,
  counts: ExportCounts = { messages: 0, levels: 0 },
): AsyncGenerator<string, ExportCounts> {
  const { before, message, after } = FRAMINGS[format]
  let isFirst = true
  if (before !== '') yield before
  for await (const record of input) {
    const rows = readRows(record)
    const text = message(record, rows, isFirst)
    isFirst = false
    counts.messages++
    counts.levels += rows.length
    if (text !== '') yield text
  }
  const end = after(counts.messages)
  if (end !== '') yield end
  return counts
}

function readRows({ offset, value }: TickRecord): TickRow[] {
  const rows = parseTickMessage(value)
  if (rows !== undefined) return rows
  throw new DepthlineError(
    'BAD_TICK',
    `the value at offset ${offset} is no tick message: is this the output topic of depthline run?`,
  )
}
