/** The brief's table beside what the books print of its orders, and beside what doubles print. */
import { DEFAULT_LIMITS } from '../src/book/order-books.js'
import { OrderProcessor } from '../src/jobs/order-processor.js'
import { type BriefRow, briefRows } from '../src/testing/brief-rows.js'
import { openRecord } from '../src/testing/order-events.js'
import { parseTickMessage, type TickRow } from '../src/wire/tick-message.js'
import { table } from './figure-text.js'

export interface ComparedRow extends BriefRow {
  readonly ours: TickRow
  readonly doubleTotal: string
  readonly doubleSum: string
  readonly totalDiffers: boolean
  readonly sumDiffers: boolean
}

/** A row for each chosen level, and a line that counts the differences of all of them. */
export function briefTable(isChosen: (row: ComparedRow) => boolean): string {
  const rows = comparedRows()
  const wrongOurs = rows.filter(({ total, cumSum, ours }) => {
    return ours.total !== total || ours.cumSum !== cumSum
  })
  const head = [
    'level',
    'price',
    'amount',
    'total',
    'depthline',
    'doubles',
    'sum',
    'depthline',
    'doubles',
  ]
  const lines = rows
    .filter(isChosen)
    .map((row) => [
      row.side.replace('_', ' '),
      row.price,
      row.amount,
      ...[row.total, row.ours.total, marked(row.doubleTotal, row.totalDiffers)],
      ...[row.cumSum, row.ours.cumSum, marked(row.doubleSum, row.sumDiffers)],
    ])
  const count = (wrong: readonly unknown[]) => `${wrong.length} of ${rows.length}`
  const totals = rows.filter(({ totalDiffers }) => totalDiffers)
  const sums = rows.filter(({ sumDiffers }) => sumDiffers)
  const summary = `Rows that differ from the brief's: depthline ${count(wrongOurs)}; doubles ${count(totals)} totals and ${count(sums)} sums (bold).`
  return `${table(head, lines)}\n\n${summary}`
}

function comparedRows(): ComparedRow[] {
  const message = parseTickMessage(messageOf(briefRows()))!
  const sums = new Map<string, number>()
  return briefRows().map((row) => {
    const ladder = row.side.split('_')[0]!
    const total = Number(row.price) * Number(row.amount)
    const sum = (sums.get(ladder) ?? 0) + total
    sums.set(ladder, sum)
    const printed = { doubleTotal: String(total), doubleSum: String(sum) }
    const ours = message.find(({ side }) => side === row.side)!
    return {
      ...row,
      ...printed,
      ours,
      totalDiffers: printed.doubleTotal !== row.total,
      sumDiffers: printed.doubleSum !== row.cumSum,
    }
  })
}

function messageOf(rows: readonly BriefRow[]): string {
  const processor = new OrderProcessor({ levels: 15, limits: DEFAULT_LIMITS, seed: 1 })
  for (const [id, { side, price, amount }] of rows.entries()) {
    const order = {
      id,
      side: side.startsWith('buy') ? 'BUY' : 'SELL',
      price,
      size: amount,
    } as const
    const record = openRecord(order)
    processor.accept(record, 0, record.length, 0)
  }
  return processor.message()
}

function marked(text: string, differs: boolean): string {
  return differs ? `**${text}**` : text
}
