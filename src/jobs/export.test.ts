import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../book/order-books.js'
import {
  type ExportCounts,
  type ExportFormat,
  exportRows,
  exportText,
  type TickRecord,
} from './export.js'
import { OrderGenerator } from './order-generator.js'
import { OrderProcessor } from './order-processor.js'

async function* stream(records: readonly TickRecord[]): AsyncGenerator<TickRecord> {
  yield* records
}

async function textOf(records: readonly TickRecord[], format: ExportFormat, counts?: ExportCounts) {
  let text = ''
  for await (const piece of exportText(stream(records), format, counts)) text += piece
  return text
}

const ROW_1 =
  '{"symbol":"BTC-USDT","side":"buy_1","price":34045.24,"amount":6.5137,"total":221760.479788,"cum_sum":221760.479788}'
const ROW_2 =
  '{"symbol":"BTC-USDT","side":"sell_1","price":34045.25,"amount":7.52013,"total":256024.7058825,"cum_sum":12345678901234567890.5}'

const RECORDS = [
  { tick: 100, offset: '0', value: '[]' },
  { tick: 101, offset: '2', value: `[${ROW_1},${ROW_2}]` },
  { tick: 102, offset: '4', value: `[${ROW_1}]` },
]

describe('an export', () => {
  test('as json is one array of the messages, one a line', async () => {
    const text = await textOf(RECORDS, 'json')
    expect(text).toBe(`[\n[],\n[${ROW_1},${ROW_2}],\n[${ROW_1}]\n]\n`)
    expect(JSON.parse(text)).toHaveLength(3)
    expect(await textOf([], 'json')).toBe('[]\n')
  })

  test('as ndjson is one message a line', async () => {
    expect(await textOf(RECORDS, 'ndjson')).toBe(`[]\n[${ROW_1},${ROW_2}]\n[${ROW_1}]\n`)
    expect(await textOf([], 'ndjson')).toBe('')
  })

  test('as csv is a header and one level a line, digits as in the message, none for an empty book', async () => {
    expect(await textOf(RECORDS, 'csv')).toBe(
      'tick,symbol,side,price,amount,total,cum_sum\n' +
        '101,BTC-USDT,buy_1,34045.24,6.5137,221760.479788,221760.479788\n' +
        '101,BTC-USDT,sell_1,34045.25,7.52013,256024.7058825,12345678901234567890.5\n' +
        '102,BTC-USDT,buy_1,34045.24,6.5137,221760.479788,221760.479788\n',
    )
    expect(await textOf([], 'csv')).toBe('tick,symbol,side,price,amount,total,cum_sum\n')
  })

  test('counts messages and levels as it goes', async () => {
    const counts = { messages: 0, levels: 0 }
    const seen: number[] = []
    for await (const _ of exportText(stream(RECORDS), 'ndjson', counts)) seen.push(counts.messages)
    expect(seen).toEqual([1, 2, 3])
    expect(counts).toEqual({ messages: 3, levels: 3 })
  })

  test.each(['', '{}', '[', '[] ', ' []', '[1]', `[${ROW_1}`, `[${ROW_1.replace('BTC', '-BTC')}]`])(
    'stops at %j, which is no tick message, and names its offset',
    async (value) => {
      const records = [RECORDS[1]!, { tick: 7, offset: '4711', value }]
      for (const format of ['json', 'ndjson', 'csv'] as const) {
        await expect(textOf(records, format)).rejects.toMatchObject({
          code: 'BAD_TICK',
          exitCode: 4,
          message: expect.stringContaining('offset 4711 '),
        })
      }
    },
  )

  test('never begins a csv cell like a formula, whatever the symbol', async () => {
    const value = fc
      .string({ unit: fc.constantFrom(...'aZ0=+-@\t\r,"._/:'), minLength: 1, maxLength: 32 })
      .map((symbol) => `[${ROW_1.replace('BTC-USDT', symbol)}]`)
    await fc.assert(
      fc.asyncProperty(value, async (value) => {
        const text = await textOf([{ tick: 1, offset: '0', value }], 'csv').catch(() => '')
        for (const cell of text.split(/[,\n]/)) expect(cell).toMatch(/^([A-Za-z0-9]|$)/)
      }),
    )
  })

  test('reads back what the books printed', async () => {
    const processor = new OrderProcessor({ levels: 15, limits: DEFAULT_LIMITS, seed: 1 })
    const generator = new OrderGenerator({ seed: 1 })
    const records: TickRecord[] = []
    for (let tick = 0; tick < 20; tick++) {
      records.push({ tick, offset: `${tick}`, value: processor.message() })
      for (let n = 0; n < 100; n++) {
        const { value } = generator.next(tick)
        processor.accept(value!, 0, value!.length, 0)
      }
    }
    const counts = { messages: 0, levels: 0 }
    expect((await textOf(records, 'csv', counts)).split('\n')).toHaveLength(counts.levels + 2)
    const lines = (await textOf(records, 'ndjson')).trimEnd().split('\n')
    expect(lines).toEqual(records.map(({ value }) => value))
    expect(JSON.parse(await textOf(records, 'json'))).toEqual(lines.map((line) => JSON.parse(line)))
  })
})

describe('an export of records', () => {
  const schema = 'depthline.ExchangeDepth'
  const records = [
    { tick: 60, offset: '0', schema, value: '{"market":"BTC-USD","bids":[]}' },
    { tick: 120, offset: '1', schema, value: '{"market":"ETH-USD","bids":[]}' },
  ]

  test('is their JSON, one a line, and no csv, of which nothing is written', async () => {
    const lines = records.map(({ value }) => value)
    expect(await textOf(records, 'ndjson')).toBe(`${lines.join('\n')}\n`)
    expect(await textOf(records, 'json')).toBe(`[\n${lines.join(',\n')}\n]\n`)
    const pieces = exportText(stream(records), 'csv')
    await expect(pieces.next()).rejects.toMatchObject({ code: 'USAGE' })
  })

  test('as rows has one for each record, and of ticks one for each level, decimals as text', async () => {
    const rowsOf = async (input: readonly TickRecord[]) => {
      const rows: unknown[] = []
      const counts = { messages: 0, levels: 0 }
      for await (const piece of exportRows(stream(input), counts)) rows.push(...piece.rows)
      return { rows, counts }
    }
    expect((await rowsOf(records)).rows).toEqual(records.map(({ value }) => JSON.parse(value)))
    const { rows, counts } = await rowsOf(RECORDS)
    expect(counts).toEqual({ messages: 3, levels: 3 })
    expect(rows[1]).toEqual({
      tick: 101_000,
      symbol: 'BTC-USDT',
      side: 'sell_1',
      price: '34045.25',
      amount: '7.52013',
      total: '256024.7058825',
      cum_sum: '12345678901234567890.5',
    })
    const mixed = [records[0]!, RECORDS[1]!]
    await expect(rowsOf(mixed)).rejects.toMatchObject({ code: 'BAD_RECORD' })
  })
})
