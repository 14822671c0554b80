/** Comma-separated text after RFC 4180, with `\n` line ends. */
import type { TickRow } from './tick-message.js'

const NEEDS_QUOTES = /[",\r\n]/

/** One line, its newline included; cells that hold a comma, a quote or a line end are quoted. */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\n`
}

function csvCell(text: string): string {
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** The columns of an exported tick: when, and then the fields of a row in the message's order. */
export const TICK_CSV_HEADER = csvLine([
  'tick',
  'symbol',
  'side',
  'price',
  'amount',
  'total',
  'cum_sum',
])

/**
 * The rows of one tick, one level a line, every digit as the message has it;
 * empty where the book is.
 *
 * @param tick epoch second
 */
export function tickCsvLines(tick: number, rows: readonly TickRow[]): string {
  let text = ''
  for (const { symbol, side, price, amount, total, cumSum } of rows) {
    text += csvLine([`${tick}`, symbol, side, price, amount, total, cumSum])
  }
  return text
}
