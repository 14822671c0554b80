/** Which rows of which tables in PostgreSQL a round is. */
import type { ExchangeDepth, MarketAnalytics } from '../wire/exchange-records.js'
import { type Column, columnsOf } from './avro-columns.js'

export interface AnalysedRecords {
  readonly depth: readonly ExchangeDepth[]
  readonly analytics: readonly MarketAnalytics[]
}

export interface PostgresTable {
  readonly name: string
  /** The columns of the primary key. */
  readonly key: readonly string[]
  readonly columns: readonly Column[]
  rowsOf(records: AnalysedRecords): readonly object[]
}

const BOOK = ['poll_at', 'market', 'exchange']
const MARKET = ['poll_at', 'market']

/**
 * A table comes after the one that its rows belong to.
 *
 * Fills and depth are rows of their own, because people filter, join and chart them. The
 * levels of the extract are read as a whole, hundreds at a time, and stay lists. The depth
 * of market analytics is left out: it is that of the exchanges' books once more.
 */
export function postgresTables(): readonly PostgresTable[] {
  return [
    ...bookTables(columnsOf('exchange-depth')),
    ...marketTables(columnsOf('market-analytics')),
  ]
}

function bookTables(columns: readonly Column[]): readonly PostgresTable[] {
  return [
    {
      name: 'exchange_depth',
      key: BOOK,
      columns: columns.filter(({ name }) => name !== 'fills' && name !== 'depth'),
      rowsOf: ({ depth }) => depth,
    },
    {
      name: 'exchange_fill',
      key: [...BOOK, 'notional', 'side'],
      columns: [...named(columns, BOOK), ...fieldsOf(columns, 'fills')],
      rowsOf: ({ depth }) => depth.flatMap((at) => at.fills.map((fill) => below(at, fill))),
    },
    {
      name: 'exchange_depth_within',
      key: [...BOOK, 'bps'],
      columns: [...named(columns, BOOK), ...fieldsOf(columns, 'depth')],
      rowsOf: ({ depth }) => depth.flatMap((at) => at.depth.map((near) => below(at, near))),
    },
  ]
}

function marketTables(columns: readonly Column[]): readonly PostgresTable[] {
  return [
    {
      name: 'market_analytics',
      key: MARKET,
      columns: columns.filter(({ name }) => name !== 'consolidated' && name !== 'depth'),
      rowsOf: ({ analytics }) => analytics,
    },
    {
      name: 'consolidated_fill',
      key: [...MARKET, 'notional', 'side'],
      columns: [...named(columns, MARKET), ...fieldsOf(columns, 'consolidated')],
      rowsOf: ({ analytics }) =>
        analytics.flatMap((at) => at.consolidated.map((fill) => below(at, fill))),
    },
  ]
}

function named(columns: readonly Column[], names: readonly string[]): readonly Column[] {
  return columns.filter(({ name }) => names.includes(name))
}

/** The fields of the records that a column is a list of. */
function fieldsOf(columns: readonly Column[], list: string): readonly Column[] {
  const type = columns.find(({ name }) => name === list)?.type
  if (type?.kind !== 'list' || type.items.kind !== 'record') throw new TypeError(`no list ${list}`)
  return type.items.fields
}

/** A record of a list, with the key of the record that holds the list. */
function below(at: { poll_at: number; market: string; exchange?: string }, record: object): object {
  const { poll_at, market, exchange } = at
  return { poll_at, market, exchange, ...record }
}
