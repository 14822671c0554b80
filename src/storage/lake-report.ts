/** What the BI team asks of the lake, as SQL: exact decimals as text, one row a minute. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DepthlineError } from '../errors.js'
import type { EpochMs } from '../wire/exchange-records.js'
import { Duck, literal, type ResultRow } from './duck.js'
import { timestampText } from './parquet-rows.js'

export const QUESTIONS = ['mid', 'best', 'depth'] as const
export type Question = (typeof QUESTIONS)[number]

export type ReportCell = string | number | readonly string[] | null

export interface Report {
  readonly columns: readonly string[]
  /** Sorted by time, market and exchange; decimals in their shortest plain form. */
  readonly rows: readonly (readonly ReportCell[])[]
}

export interface ReportRange {
  readonly since: EpochMs
  /** All of them where it is undefined. */
  readonly market: string | undefined
}

const TIME = `strftime(poll_at, '%Y-%m-%dT%H:%M:%SZ') AS poll_at`
const TRIES = 20

/**
 * Answers a question from the lake; a writer may go on meanwhile.
 *
 * @throws DepthlineError USAGE where there is no such lake, FILE_FAILED
 */
export async function readReport(
  lake: string,
  question: Question,
  range: ReportRange,
): Promise<Report> {
  const table = join(lake, question === 'depth' ? 'exchange_depth' : 'market_analytics')
  await assertTable(table)
  const duck = await Duck.open()
  try {
    for (let tries = 1; ; tries++) {
      try {
        return await answer(duck, question, source(table, range))
      } catch (error) {
        if (!(error instanceof DepthlineError) || !error.retriable) throw error
        // The lake is there, and before its first round it holds no file.
        if (/No files found/.test(error.message)) return answer(duck, question, undefined)
        if (tries === TRIES) throw error
      }
    }
  } finally {
    duck.close()
  }
}

function answer(duck: Duck, question: Question, from: string | undefined): Promise<Report> {
  if (question === 'mid') return mid(duck, from)
  return question === 'best' ? best(duck, from) : depth(duck, from)
}

async function mid(duck: Duck, from: string | undefined): Promise<Report> {
  const select = [
    TIME,
    'market',
    plain('average_mid_price'),
    'len(mid_exchanges)::INTEGER AS exchanges',
    'mid_exchanges',
  ]
  const columns = ['poll_at', 'market', 'average_mid_price', 'exchanges', 'mid_exchanges']
  if (from === undefined) return { columns, rows: [] }
  const rows = await duck.rows(`SELECT ${select.join(', ')} ${from} ORDER BY ALL`)
  return { columns, rows: rows.map((row) => cells(row, columns)) }
}

async function best(duck: Duck, from: string | undefined): Promise<Report> {
  const side = (name: string) => [`${name}_exchange`, `${name}_price`, `${name}_advantage_bps`]
  const plainColumns = ['poll_at', 'market', 'notional', ...side('buy'), ...side('sell')]
  if (from === undefined) return { columns: plainColumns, rows: [] }
  const columns = [...plainColumns, ...side('net_buy'), ...side('net_sell')]
  const select = columns.map((name) => {
    if (name === 'poll_at') return TIME
    if (name === 'notional' || name.endsWith('_bps')) return `${name}_text AS ${name}`
    return name.endsWith('_price') ? plain(name) : name
  })
  const rows = await duck.rows(`SELECT ${select.join(', ')} ${from} ORDER BY poll_at, market`)
  // Without fees there is nothing in the net columns.
  const isNet = rows.some((row) => row.net_buy_exchange !== null || row.net_sell_exchange !== null)
  const shown = isNet ? columns : plainColumns
  return { columns: shown, rows: rows.map((row) => cells(row, shown)) }
}

/** A book a row, with columns for each notional and each distance that any of them has. */
async function depth(duck: Duck, from: string | undefined): Promise<Report> {
  const fixed = ['poll_at', 'market', 'exchange', 'best_bid', 'best_ask', 'mid_price', 'spread']
  if (from === undefined) return { columns: [...fixed, 'reason', 'detail'], rows: [] }
  const select = [
    TIME,
    'market',
    'exchange',
    plain('best_bid'),
    plain('best_ask'),
    'mid_price_text AS mid_price',
    plain('spread'),
    'reason',
    'detail',
    `[{n: f.notional_text, side: f.side, price: ${text('f.price')}, bps: f.slippage_bps_text} FOR f IN fills] AS fills`,
    '[{bps: d.bps, bids: d.bids_text, asks: d.asks_text} FOR d IN depth] AS depth',
  ]
  const sql = `SELECT ${select.join(', ')} ${from} ORDER BY poll_at, market, exchange`
  const books = (await duck.rows(sql)).map(withNamedValues)
  const named = [...new Set(books.flatMap((book) => [...book.values.keys()]))].sort(byKindAndSize)
  const columns = [...fixed, ...named, 'reason', 'detail']
  return {
    columns,
    rows: books.map(({ row, values }) =>
      columns.map((name) => values.get(name) ?? cell(row[name])),
    ),
  }
}

interface Fill {
  readonly n: string
  readonly side: string
  readonly price: string | null
  readonly bps: string | null
}
interface Within {
  readonly bps: number
  readonly bids: string
  readonly asks: string
}

/** The prices, slippages and sums of a book by the names of their columns. */
function withNamedValues(row: ResultRow) {
  const values = new Map<string, ReportCell>()
  for (const { n, side, price, bps } of row.fills as unknown as readonly Fill[]) {
    values.set(`${side}_price_${n}`, cell(price))
    values.set(`${side}_slippage_bps_${n}`, cell(bps))
  }
  for (const { bps, bids, asks } of row.depth as unknown as readonly Within[]) {
    values.set(`bids_${bps}_bps`, bids)
    values.set(`asks_${bps}_bps`, asks)
  }
  return { row, values }
}

/** What orders get comes before what rests near the mid price; the smaller first. */
function byKindAndSize(a: string, b: string): number {
  const [left, right] = [a, b].map((name) => {
    return { isNear: name.endsWith('_bps'), size: Number(/[\d.]+/.exec(name)?.[0]) }
  }) as [{ isNear: boolean; size: number }, { isNear: boolean; size: number }]
  return Number(left.isNear) - Number(right.isNear) || left.size - right.size
}

function source(table: string, { since, market }: ReportRange): string {
  const files = `read_parquet(${literal(`${table}/*/*/*.parquet`)}, hive_partitioning = true)`
  const from = literal(timestampText(since))
  const ofMarket = market === undefined ? '' : ` AND market = ${literal(market)}`
  // The day of a file is in its path, so that older files are not opened.
  return `FROM ${files} WHERE date >= ${from}::TIMESTAMP::DATE AND poll_at >= ${from}::TIMESTAMP${ofMarket}`
}

/** A decimal without a text beside it, as text. */
function plain(name: string): string {
  return `${text(name)} AS ${name}`
}

function text(decimal: string): string {
  return `rtrim(rtrim(${decimal}::VARCHAR, '0'), '.')`
}

function cells(row: ResultRow, columns: readonly string[]): ReportCell[] {
  return columns.map((name) => cell(row[name]))
}

function cell(value: unknown): ReportCell {
  return (value ?? null) as ReportCell
}

async function assertTable(table: string): Promise<void> {
  const isThere = await stat(table).then(
    () => true,
    () => false,
  )
  if (isThere) return
  const message = `there is no ${table}: depthline analyse writes it, below DEPTHLINE_DATA`
  throw new DepthlineError('USAGE', message)
}
