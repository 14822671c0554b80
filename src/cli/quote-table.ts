/** Quotes as a table for a terminal: a line for each exchange's fill, the best one marked. */
import { toText } from '../book/decimal.js'
import type { Quote, Quotes } from '../jobs/quote.js'

/** Figures in their columns, or words instead of them. */
interface Row {
  readonly mark: string
  readonly exchange: string
  readonly figures?: readonly string[] | undefined
  readonly words?: string | undefined
}

const TITLE = {
  mark: ' ',
  exchange: 'exchange',
  figures: ['price', 'base amount', 'worst price', 'levels', 'slippage bps'],
  words: undefined,
}
const GAP = '  '

/** Lines of at most `width` characters, as long as that cuts words only: no digit is ever left out. */
export function quoteTable({ quotes, best }: Quotes, width: number): string {
  const rows = quotes.map(rowOf)
  const nameWidth = Math.max(TITLE.exchange.length, ...rows.map(({ exchange }) => exchange.length))
  const figures = alignedFigures(rows)
  const lines = [TITLE, ...rows].map((row) => {
    const start = `${row.mark}${GAP}${row.exchange.padEnd(nameWidth)}`
    if (row.words !== undefined) return clip(`${start}${GAP}${row.words}`, width)
    return `${start}${GAP}${figures.get(row)}`.trimEnd()
  })
  return [heading(quotes[0]!), ...lines, closing(quotes, best), ''].join('\n')
}

/** The figures of the title and of each row that has some, in columns. */
function alignedFigures(rows: readonly Row[]): Map<Row, string> {
  const withFigures = [TITLE, ...rows.filter(({ figures }) => figures !== undefined)]
  const columns = TITLE.figures.map((_title, column) => {
    return aligned(withFigures.map(({ figures }) => figures![column]!))
  })
  return new Map(
    withFigures.map((row, index) => [row, columns.map((cells) => cells[index]!).join(GAP)]),
  )
}

function heading({ side, notional, market }: Quote): string {
  const [base, quote] = market.split('-')
  return `${side} ${base} ${side === 'buy' ? 'with' : 'for'} ${notional} ${quote}`
}

function rowOf(quote: Quote): Row {
  const { exchange, error, complete } = quote
  const start = { mark: quote.best ? '*' : ' ', exchange }
  if (error !== undefined) return { ...start, words: error }
  if (!complete) return { ...start, words: tooThin(quote) }
  const { price, base_amount: amount, worst_price: worst, levels, slippage_bps: bps } = quote
  return { ...start, figures: [price!, amount, worst!, String(levels), bps!] }
}

function tooThin({ market, filled_notional: filled, base_amount: amount, side }: Quote): string {
  const [base, quote] = market.split('-')
  return `too thin: only ${filled} ${quote} ${side === 'buy' ? 'buys' : 'for'} ${amount} ${base}`
}

/** A title and the figures below it in one width, points below points. */
function aligned([title, ...figures]: readonly string[]): string[] {
  const fractionOf = (text: string) => (text.includes('.') ? text.length - text.indexOf('.') : 0)
  const longest = Math.max(0, ...figures.map(fractionOf))
  const cells = figures.map((text) => text + ' '.repeat(longest - fractionOf(text)))
  const width = Math.max(title!.length, ...cells.map(({ length }) => length))
  return [title!, ...cells].map((cell) => cell.padStart(width))
}

function clip(line: string, width: number): string {
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`
}

function closing(quotes: readonly Quote[], best: Quotes['best']): string {
  if (best === undefined) return 'no exchange can fill it'
  const { exchange, advantageBps } = best
  if (advantageBps === undefined) return `* best: ${exchange}`
  const isTie = quotes.some((one) => !one.best && one.price === toText(best.price))
  if (isTie) return `* best: ${exchange}, at the same price as the next`
  return `* best: ${exchange}, ${toText(advantageBps)} bps better than the next`
}
