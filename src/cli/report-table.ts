/** A report as text for the terminal: columns as wide as they must be, in blocks where a line is too short. */
import type { Report, ReportCell } from '../storage/lake-report.js'

const GAP = '  '
/** Columns that say what a row is about come again in every block. */
const KEYS = ['poll_at', 'market', 'exchange']

/** The lines of a table; no line is longer than `width`, but for a single cell that is. */
export function reportTable({ columns, rows }: Report, width: number): string[] {
  const texts = columns.map((name, at) => {
    const cells = rows.map((row) => cellText(row[at] ?? null))
    const isNumber = cells.some((text) => /^-?\d+(\.\d+)?$/.test(text)) && name !== 'market'
    const needed = Math.max(...[name, ...cells].map(({ length }) => length))
    return { name, cells, isNumber, needed }
  })
  const keys = texts.filter(({ name }) => KEYS.includes(name))
  const rest = texts.filter(({ name }) => !KEYS.includes(name))
  const room = width - lineLength(keys)
  const blocks: (typeof texts)[] = []
  for (const column of rest) {
    const block = blocks.at(-1)
    const fits = block !== undefined && lineLength([...block, column]) <= room
    if (fits) block.push(column)
    else blocks.push([column])
  }
  return blocks.flatMap((block, at) => [
    ...(at === 0 ? [] : ['']),
    ...blockLines([...keys, ...block], rows.length, width),
  ])
}

interface TextColumn {
  readonly name: string
  readonly cells: readonly string[]
  readonly isNumber: boolean
  readonly needed: number
}

function blockLines(columns: readonly TextColumn[], rows: number, width: number): string[] {
  const line = (textOf: (column: TextColumn) => string) => {
    const parts = columns.map((column) => {
      const { isNumber, needed } = column
      return isNumber ? textOf(column).padStart(needed) : textOf(column).padEnd(needed)
    })
    const text = parts.join(GAP).trimEnd()
    return text.length <= width ? text : `${text.slice(0, width - 1)}…`
  }
  const head = line(({ name }) => name)
  return [head, ...Array.from({ length: rows }, (_, row) => line(({ cells }) => cells[row]!))]
}

function lineLength(columns: readonly TextColumn[]): number {
  return columns.reduce((sum, { needed }) => sum + needed + GAP.length, 0)
}

function cellText(cell: ReportCell): string {
  if (cell === null) return '-'
  return Array.isArray(cell) ? cell.join(' ') : String(cell)
}
