/** An answer as comma-separated text that no spreadsheet takes for a formula. */
import { csvLine } from '../wire/csv.js'
import type { Cell, Table } from './ports.js'

const BEGINS_FORMULA = /^[=+\-@\t\r]/
const DECIMAL = /^-?\d+(\.\d+)?$/

/** A header and a line a row. */
export function csvAnswer({ columns, rows }: Table): string {
  return [columns, ...rows].map((row) => csvLine(row.map(cellText))).join('')
}

/** Names of exchanges and markets, reasons and details come from outside; a decimal below zero stays one. */
export function cellText(cell: Cell): string {
  if (cell === null) return ''
  const text = typeof cell === 'object' ? cell.join(' ') : String(cell)
  return BEGINS_FORMULA.test(text) && !DECIMAL.test(text) ? `'${text}` : text
}
