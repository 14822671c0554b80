/** The ladder on the live page: asks above, bids below, and beside each number, if wanted, what doubles print. */
import { byId, make } from '../web/page/dom.js'
import { writeNumber } from '../web/page/number-text.js'
import type { TickRow } from '../wire/tick-message.js'
import type { DoubleRow } from './double-book.js'
import { LEVELS } from './live-book.js'

const FIELDS = ['price', 'amount', 'total', 'cumSum'] as const
const CLASSES = { price: 'price', amount: 'amount', total: 'total', cumSum: 'sum' }

/** What one drawing shows of a symbol. */
export interface View {
  readonly symbol: string
  /** Of this symbol: buy_1, sell_1, buy_2 … */
  readonly rows: readonly TickRow[]
  readonly middle: { readonly mid: string; readonly spread: string } | undefined
  /** What the doubles print for one side's rows; undefined where nobody wants to see it. */
  readonly doubles: ((rows: readonly TickRow[]) => (DoubleRow | undefined)[]) | undefined
  /** The price of the close that is shown, and its side. */
  readonly closed: string
}

/** The elements of a row, and what they show. */
interface Place {
  readonly row: HTMLTableRowElement
  readonly ours: readonly HTMLElement[]
  readonly doubles: readonly HTMLElement[]
}

export class LadderView {
  readonly #sides = {
    sell: makePlaces('sell', byId('asks')),
    buy: makePlaces('buy', byId('bids')),
  }
  /** Each level of the drawing before, as {@link levelText}, so that only what is new flashes. */
  #levels = new Set<string>()

  /** @returns how many numbers the doubles print otherwise, of how many */
  draw(view: View): { wrong: number; numbers: number } {
    const count = { wrong: 0, numbers: 0 }
    // Another symbol is another ladder, not a change of this one.
    const isKnown = [...this.#levels].some((level) => level.startsWith(`${view.symbol} `))
    for (const side of ['buy', 'sell'] as const) {
      const rows = view.rows.filter((row) => row.side.startsWith(side))
      const doubles = view.doubles?.(rows)
      for (const [at, place] of this.#sides[side].entries()) {
        const flashes = isKnown && rows[at] !== undefined && !this.#levels.has(levelText(rows[at]))
        drawPlace(place, rows[at], { flashes, closed: view.closed })
        const wrong = drawDoubles(place, rows[at], doubles && { row: doubles[at] })
        if (rows[at] !== undefined) count.numbers += place.doubles.length
        count.wrong += wrong
      }
    }
    this.#levels = new Set(view.rows.map(levelText))
    alignPoints(view.rows)
    byId('mid').textContent = view.middle?.mid ?? '–'
    byId('spread').textContent = view.middle?.spread ?? '–'
    byId('ladder-caption').textContent = `Order book of ${view.symbol}, sells above, buys below`
    return count
  }
}

function levelText({ symbol, side, price, amount }: TickRow): string {
  return `${symbol} ${side.split('_')[0]} ${price} ${amount}`
}

/** The decimal points of a column stand below each other. */
function alignPoints(rows: readonly TickRow[]): void {
  for (const field of FIELDS) {
    const lengths = rows.map((row) => row[field].length - row[field].split('.')[0]!.length)
    byId('ladder').style.setProperty(`--fraction-${field}`, `${Math.max(0, ...lengths)}`)
  }
}

/** Asks stand above the middle, so their best price comes last; a list here has it first. */
function makePlaces(side: 'buy' | 'sell', body: HTMLElement): Place[] {
  const places = Array.from({ length: LEVELS }, (_, at) => makePlace(side, at + 1))
  const inOrder = side === 'sell' ? places.toReversed() : places
  body.append(...inOrder.map(({ row }) => row))
  return places
}

function makePlace(side: 'buy' | 'sell', rank: number): Place {
  const ours = FIELDS.map(() => make('span', 'ours'))
  // A price is what it was sent as; only what is computed can come out wrong.
  const doubles = FIELDS.slice(1).map(() => make('span', 'double'))
  const cells = ours.map((span, at) => {
    const cell = make('td', CLASSES[FIELDS[at]!], span)
    const double = doubles[at - 1]
    if (double !== undefined) cell.append(double)
    return cell
  })
  const head = make('th', 'rank', make('span', 'hidden', side), ` ${rank}`)
  head.scope = 'row'
  const row = make('tr', side, head, ...cells)
  return { row, ours, doubles }
}

function drawPlace(
  place: Place,
  row: TickRow | undefined,
  { flashes, closed }: { flashes: boolean; closed: string },
): void {
  place.row.hidden = row === undefined
  if (row === undefined) return
  for (const [at, field] of FIELDS.entries()) writeNumber(place.ours[at]!, row[field], at >= 2)
  if (flashes) flash(place.row)
  place.row.classList.toggle(
    'closed',
    closed === `${place.row.className.split(' ')[0]} ${row.price}`,
  )
}

/** @returns how many of the row's numbers differ */
function drawDoubles(
  place: Place,
  row: TickRow | undefined,
  printed: { readonly row: DoubleRow | undefined } | undefined,
): number {
  let wrong = 0
  for (const [at, field] of (['amount', 'total', 'cumSum'] as const).entries()) {
    const cell = place.doubles[at]!
    cell.hidden = printed === undefined || row === undefined
    if (printed === undefined || row === undefined) continue
    const text = printed.row?.[field] ?? 'no such level'
    const differs = text !== row[field]
    if (differs) wrong++
    cell.textContent = differs ? `≠\u00a0${text}` : text
    cell.classList.toggle('wrong', differs)
  }
  return wrong
}

/** Two animations of the same look take turns, because one that is set again does not start again. */
function flash(row: HTMLElement): void {
  const isOdd = row.classList.contains('flash-even')
  row.classList.toggle('flash-odd', isOdd)
  row.classList.toggle('flash-even', !isOdd)
}
