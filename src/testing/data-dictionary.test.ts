/** docs/DATA.md is what the schemas say, and its SQL answers its questions. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dataDictionary } from '../../scripts/data-dictionary.js'
import { QUESTIONS } from '../../scripts/data-questions.js'

type Json = Record<string, unknown>

interface SchemaParts {
  readonly type?: string
  readonly logicalType?: string
  readonly items?: unknown
  readonly fields?: readonly Json[]
  readonly name: string
}

/** The columns of a lake table by its schema, without a look at src/storage. */
function sqlType(type: unknown, named: Map<string, string>): string {
  const { type: kind, logicalType, items, fields, name } = type as SchemaParts
  if (Array.isArray(type)) return sqlType(type[1], named)
  if (logicalType === 'decimal') return 'DECIMAL(38,18)'
  if (logicalType !== undefined) return 'TIMESTAMP'
  if (kind === 'array') return `${sqlType(items, named)}[]`
  if (kind === 'enum') return 'VARCHAR'
  if (kind === 'record') {
    named.set(name, `STRUCT(${columns(fields ?? [], named).join(', ')})`)
    return named.get(name)!
  }
  const primitives: Json = { string: 'VARCHAR', int: 'INTEGER', boolean: 'BOOLEAN', bytes: 'BLOB' }
  return String(primitives[type as string] ?? named.get(type as string))
}

function columns(fields: readonly Json[], named: Map<string, string>): string[] {
  return fields.flatMap(({ name, type, keptAsText }) => [
    `"${name}" ${sqlType(type, named)}`,
    ...(keptAsText ? [`"${name}_text" VARCHAR`] : []),
  ])
}

const fill = (side: string, price: string | null) => {
  return { notional: '100000', side, complete: price !== null, price, slippage_bps: '1.5' }
}
const level = { price: '1', amount: '1', total: '100000', cum_sum: '100000' }
const book = (poll_at: string, exchange: string, price: string | null) => ({
  ...{ poll_at, exchange, market: 'BTC-USD', usable: price !== null, spread: '0.5' },
  ...{ reason: price === null ? 'timeout' : null, detail: price === null ? 'no answer' : null },
  fills: price === null ? [] : [fill('buy', price), { ...fill('sell', price), notional: '50000' }],
  asks: price === null ? [] : [level, level],
  depth: price === null ? [] : [{ bps: 10, bids: price, asks: '1' }],
})
const FIRST = '2026-11-20 10:00:00'
const THIRD = '2026-11-20 10:02:00'
const minute = (poll_at: string, average_mid_price: string) => ({
  ...{ poll_at, market: 'BTC-USD', average_mid_price, mid_exchanges: ['coinbase'] },
  ...{ notional: '50000', buy_exchange: 'kraken', buy_price: '34045.25' },
})

describe('docs/DATA.md', () => {
  let folder: string
  const answers = new Map<string, Json[]>()

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'depthline-questions-'))
    const duck = await (await DuckDBInstance.create(':memory:')).connect()
    const write = async (schema: string, rows: readonly Json[]) => {
      const file = new URL(`../../schemas/${schema}.avsc`, import.meta.url)
      const { fields } = JSON.parse(readFileSync(file, 'utf8'))
      const table = schema.replace('-', '_')
      await duck.run(`CREATE TABLE ${table} (${columns(fields, new Map()).join(', ')})`)
      const json = join(folder, 'rows.json')
      writeFileSync(json, rows.map((row) => JSON.stringify(row)).join('\n'))
      await duck.run(`COPY ${table} FROM '${json}' (FORMAT json)`)
      const hour = join(folder, 'data/lake', table, 'date=2026-11-20/hour=10')
      mkdirSync(hour, { recursive: true })
      await duck.run(`COPY ${table} TO '${hour}/hour.parquet' (FORMAT parquet)`)
    }
    await write('market-analytics', [minute(FIRST, '34045.245'), minute(THIRD, '34046')])
    await write('exchange-depth', [
      ...[book(FIRST, 'coinbase', '34045.3'), book(FIRST, 'kraken', '34045.2')],
      book(THIRD, 'coinbase', null),
    ])
    for (const { question, sql } of QUESTIONS) {
      const reader = await duck.runAndReadAll(sql.replaceAll("'data/", `'${folder}/data/`))
      answers.set(question, reader.getRowObjectsJson() as Json[])
    }
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('is what `make docs` prints', () => {
    const committed = readFileSync(new URL('../../docs/DATA.md', import.meta.url), 'utf8')
    expect(committed === dataDictionary(), 'docs/DATA.md is old: run `make docs`').toBe(true)
  })

  it.each([
    ['average mid price', [{ average_mid_price: '34045.245000000000000000' }, { poll_at: THIRD }]],
    ['for $50,000', [{ buy_exchange: 'kraken', sell_exchange: null }, {}]],
    ['would $100,000 cost', [{ exchange: 'coinbase', side: 'buy' }, { exchange: 'kraken' }]],
    ['Which levels', [{ rank: '1' }, { rank: '2' }, { exchange: 'kraken' }, {}]],
    ['more liquid', [{ exchange: 'coinbase', bps: 10, polls: '1' }, { exchange: 'kraken' }]],
    ['Which polls are missing', [{ poll_at: THIRD, exchange: 'coinbase', reason: 'timeout' }]],
    ['without a record', [{ poll_at: '2026-11-20 10:01:00' }]],
  ])('has SQL that answers the question with “%s”', (part, expected) => {
    const [question] = [...answers.keys()].filter((text) => text.includes(part))
    const rows = answers.get(question!)!
    expect(rows).toHaveLength(expected.length)
    expect(rows).toMatchObject(expected)
  })

  it('has a test for every question', () => {
    expect(QUESTIONS).toHaveLength(7)
  })
})
