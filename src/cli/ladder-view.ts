/** One symbol's ladder as lines for a terminal: asks on top, bids below, the best of both in the middle. */
import { compare, type Decimal, isZero, parseDecimal, toText } from '../book/decimal.js'
import { midPrice, spread } from '../book/depth.js'
import type { TickRow } from '../wire/tick-message.js'

export interface LadderViewOptions {
  readonly symbol: string
  /** Epoch second of the message that the rows are from. */
  readonly tick: number
  /** Columns and lines of the terminal. */
  readonly width: number
  readonly height: number
  /** Adds ANSI colours; they take no width. */
  readonly colour: boolean
}

type Paint = (text: string) => string

interface Column {
  /** Full and short, the second for where the first does not fit. */
  readonly titles: readonly [string, string]
  readonly text: (row: TickRow) => string
}

const GAP = '  '
/** Lines that hold no level: the header, the titles, and the spread between the sides. */
const FIXED_LINES = 3
const NO_STYLE = ''
const ASK_STYLE = '\x1b[31m'
const BID_STYLE = '\x1b[32m'
const DIM_STYLE = '\x1b[2m'
const WARNING_STYLE = '\x1b[1;33m'
const RESET = '\x1b[0m'

/**
 * Lays out the rows of `options.symbol`, as {@link parseTickMessage} gives them,
 * in at most `height` lines of at most `width` characters.
 *
 * No digit is ever cut or rounded: where the terminal is narrow, the columns on
 * the right go first; where it is low, the levels furthest from the middle do,
 * and a line says how many. Only mid and spread are computed, exactly; the basis
 * points are rounded to two decimals, half to even.
 */
export function ladderView(rows: readonly TickRow[], options: LadderViewOptions): string[] {
  const { symbol, width, height } = options
  const own = rows.filter((row) => row.symbol === symbol)
  const bids = own.filter(({ side }) => side.startsWith('buy_'))
  const asks = own.filter(({ side }) => side.startsWith('sell_'))
  const paint = (style: string): Paint =>
    options.colour && style !== NO_STYLE
      ? (text) => `${style}${clip(text, width)}${RESET}`
      : (text) => clip(text, width)
  const lines = [paint(DIM_STYLE)(header(rows, options))]
  if (own.length === 0) {
    lines.push(paint(NO_STYLE)(`no orders in ${symbol}`))
    return lines.slice(0, height)
  }
  const shown = fitHeight({ bids: bids.length, asks: asks.length }, height - FIXED_LINES)
  const shownBids = bids.slice(0, shown.bids)
  const shownAsks = asks.slice(0, shown.asks).reverse()
  const [titles = '', ...table] = layOut([...shownAsks, ...shownBids], symbol, width)
  lines.push(paint(DIM_STYLE)(titles))
  lines.push(...more(asks.length - shown.asks, 'asks').map(paint(DIM_STYLE)))
  lines.push(...table.slice(0, shown.asks).map(paint(ASK_STYLE)))
  const middle = describeMiddle(bids[0], asks[0])
  lines.push(paint(middle.isWarning ? WARNING_STYLE : DIM_STYLE)(middle.text))
  lines.push(...table.slice(shown.asks).map(paint(BID_STYLE)))
  lines.push(...more(bids.length - shown.bids, 'bids').map(paint(DIM_STYLE)))
  return lines.slice(0, height)
}

function header(rows: readonly TickRow[], { symbol, tick }: LadderViewOptions): string {
  const time = new Date(tick * 1000).toISOString().slice(0, 19).replace('T', ' ')
  const others = [...new Set(rows.map((row) => row.symbol))].filter((other) => other !== symbol)
  const also = others.length === 0 ? [] : [`also ${others.join(' ')}`]
  return [symbol, `${time} UTC`, ...also].join(GAP)
}

function more(hidden: number, what: string): string[] {
  return hidden === 0 ? [] : [`… ${hidden} more ${what}`]
}

/** How many levels of each side fit into `room` lines, where a side that is cut needs one to say so. */
function fitHeight(all: { bids: number; asks: number }, room: number): typeof all {
  const shown = { ...all }
  const lines = () =>
    shown.asks + shown.bids + Number(shown.asks < all.asks) + Number(shown.bids < all.bids)
  while (lines() > room && shown.asks + shown.bids > 0) {
    if (shown.asks >= shown.bids) shown.asks--
    else shown.bids--
  }
  return shown
}

/** The titles and then the rows, padded to columns, with as many of the columns as fit. */
function layOut(rows: readonly TickRow[], symbol: string, width: number): string[] {
  const columns = columnsFor(symbol)
  for (let count = columns.length; ; count--) {
    for (const form of [0, 1] as const) {
      const cells = columns.slice(0, count).map(({ titles, text }) => {
        return alignRight(titles[form], alignPoints(rows.map(text)))
      })
      const lines = cells[0]!.map((_, line) => cells.map((column) => column[line]).join(GAP))
      if (lines[0]!.length <= width || (count === 1 && form === 1)) return lines
    }
  }
}

/** The currencies are known where the symbol reads BASE-QUOTE. */
function columnsFor(symbol: string): Column[] {
  const [, base, quote] = /^([A-Za-z0-9]+)-([A-Za-z0-9]+)$/.exec(symbol) ?? []
  const titles = (title: string, currency: string | undefined) =>
    [currency === undefined ? title : `${title} (${currency})`, title] as const
  return [
    { titles: titles('Price', quote), text: (row) => row.price },
    { titles: titles('Amount', base), text: (row) => row.amount },
    { titles: titles('Total', quote), text: (row) => row.total },
    { titles: titles('Sum', quote), text: (row) => row.cumSum },
  ]
}

/** Pads with spaces behind, so that the decimal points stand under one another once aligned right. */
function alignPoints(texts: readonly string[]): string[] {
  const decimals = texts.map((text) => (text.includes('.') ? text.length - text.indexOf('.') : 0))
  const widest = Math.max(0, ...decimals)
  return texts.map((text, index) => text + ' '.repeat(widest - decimals[index]!))
}

function alignRight(title: string, texts: readonly string[]): string[] {
  const column = [title, ...texts]
  const widest = Math.max(...column.map((text) => text.length))
  return column.map((text) => text.padStart(widest))
}

/** What lies between the best ask and the best bid. */
function describeMiddle(
  bestBid: TickRow | undefined,
  bestAsk: TickRow | undefined,
): { text: string; isWarning: boolean } {
  const bid = bestBid && parseDecimal(bestBid.price)
  const ask = bestAsk && parseDecimal(bestAsk.price)
  if (ask === undefined) return { text: 'no asks', isWarning: false }
  if (bid === undefined) return { text: 'no bids', isWarning: false }
  const best = { bids: { best: { price: bid } }, asks: { best: { price: ask } } }
  const mid = midPrice(best)!
  const gap = spread(best)!
  const order = compare(bid, ask)
  const state = order > 0 ? ['crossed'] : order === 0 ? ['locked'] : []
  const text = [
    `mid ${toText(mid)}`,
    `spread ${toText(gap)}`,
    ...(isZero(mid) ? [] : [`${basisPoints(gap, mid)} bps`]),
    ...state,
  ].join(GAP)
  return { text, isWarning: state.length > 0 }
}

/** 10,000 × part / whole with two decimals, half to even; for display only. */
function basisPoints(part: Decimal, whole: Decimal): string {
  const scale = Math.max(part.scale, whole.scale)
  const unitsOf = (value: Decimal) => BigInt(value.units) * 10n ** BigInt(scale - value.scale)
  const numerator = unitsOf(part) * 1_000_000n
  const denominator = unitsOf(whole)
  const magnitude = numerator < 0n ? -numerator : numerator
  const floor = magnitude / denominator
  const rest = 2n * (magnitude % denominator)
  const up = rest > denominator || (rest === denominator && floor % 2n === 1n)
  const digits = `${floor + (up ? 1n : 0n)}`.padStart(3, '0')
  const sign = numerator < 0n && digits !== '000' ? '-' : ''
  return `${sign}${digits.slice(0, -2)}.${digits.slice(-2)}`
}

/** Never more than `width` characters; the last one shows that some are missing. */
function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`.slice(0, width)
}
