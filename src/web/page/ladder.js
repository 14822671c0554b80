/** The ladder: asks above, the spread, bids below; and the row that is pointed at, by mouse, finger or keys. */
import { sweepText, sweepTo } from './book-figures.js'
import { byId } from './dom.js'
import { LadderSide } from './ladder-side.js'
import { ColumnWidth, writeNumber } from './number-text.js'

/** @import { Side } from './api-types.js' */
/** @import { Mark, View } from './book-view.js' */

const COLUMNS = /** @type {const} */ (['price', 'amount', 'total', 'cumSum'])
const HINT = 'Point at a row, tap it or use the arrow keys to see what sweeping to it would cost.'

export class Ladder {
  #table = byId('ladder')
  #sides = {
    ask: new LadderSide('ask', byId('asks')),
    bid: new LadderSide('bid', byId('bids')),
  }
  #widths = COLUMNS.map(() => new ColumnWidth())
  /** @type {View | undefined} */
  #view
  /** @type {Mark | undefined} */
  #mark

  /** @param {(mark: Mark | undefined) => void} onMark */
  constructor(onMark) {
    // A table with rows to move between: screen readers hand the arrow keys on.
    this.#table.setAttribute('role', 'grid')
    this.#table.addEventListener('pointerover', (event) => onMark(markOf(event.target)))
    this.#table.addEventListener('pointerleave', () => onMark(markOf(document.activeElement)))
    this.#table.addEventListener('focusin', (event) => onMark(markOf(event.target)))
    this.#table.addEventListener('focusout', () => onMark(undefined))
    this.#table.addEventListener('keydown', (event) => this.#onKey(event))
  }

  /** @param {View} view */
  draw(view) {
    const isSame = this.#view?.symbol === view.symbol && this.#view.step === view.step
    const flashes = isSame && this.#view?.tick !== view.tick
    if (!isSame) this.#widths = COLUMNS.map(() => new ColumnWidth())
    this.#view = view
    const largest = Math.max(
      1e-30,
      ...[view.ask, view.bid].map((rows) => Number(rows.at(-1)?.cumSum ?? 0)),
    )
    this.#sides.ask.draw(view.ask, { largest, flashes })
    this.#sides.bid.draw(view.bid, { largest, flashes })
    this.#drawMiddle(view)
    this.#setWidths(view)
    this.#table.dataset.tick = String(view.tick)
    this.#table.dataset.symbol = view.symbol
    byId('ladder-caption').textContent = `Order book of ${view.symbol}`
    for (const unit of this.#table.querySelectorAll('.quote')) unit.textContent = view.quote
    for (const unit of this.#table.querySelectorAll('.base')) unit.textContent = view.base
    this.mark(this.#mark)
  }

  /** @param {Mark | undefined} mark */
  mark(mark) {
    this.#mark = mark
    let text = HINT
    for (const { side, rows } of Object.values(this.#sides)) {
      const at = mark?.side === side ? rows.findIndex(({ price }) => price === mark.price) : -1
      this.#sides[side].mark(at)
      const sweep = at === -1 ? undefined : sweepTo(rows, at)
      if (sweep !== undefined) text = sweepText(side, sweep, spaced(this.#view))
    }
    const readout = byId('sweep')
    readout.classList.toggle('hint', text === HINT)
    if (readout.textContent !== text) readout.textContent = text
    this.#setTabStop(mark)
  }

  /** Exactly one row is in the tab order: the one last pointed at, or the best. */
  #setTabStop(/** @type {Mark | undefined} */ mark) {
    const marked = mark && this.#sides[mark.side].element(mark.price)
    const stop = marked ?? this.#visualRows().find((row) => row.tabIndex === 0) ?? this.#best()
    for (const row of this.#visualRows()) row.tabIndex = row === stop ? 0 : -1
  }

  #best() {
    const { ask, bid } = this.#sides
    const first = ask.rows[0] ?? bid.rows[0]
    return first && (ask.element(first.price) ?? bid.element(first.price))
  }

  /** From top to bottom. @returns {HTMLElement[]} */
  #visualRows() {
    return [...this.#table.querySelectorAll('tr')].filter((row) => row.dataset.side !== undefined)
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const rows = this.#visualRows()
    const at =
      document.activeElement instanceof HTMLElement ? rows.indexOf(document.activeElement) : -1
    const last = rows.length - 1
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: last }[event.key]
    if (event.key === 'Escape' && at !== -1) rows[at]?.blur()
    if (at === -1 || to === undefined) return
    event.preventDefault()
    rows[Math.max(0, Math.min(last, to))]?.focus()
  }

  /** @param {View} view */
  #drawMiddle({ middle }) {
    for (const name of /** @type {const} */ (['mid', 'spread', 'bps'])) {
      const cell = byId(name)
      const value = middle?.[name]
      if (value === undefined || value === null) cell.textContent = '–'
      else writeNumber(cell, value)
    }
    const badge = byId('crossed')
    badge.hidden = middle?.isCrossed !== true
    badge.textContent = middle?.spread === '0' ? 'locked' : 'crossed'
  }

  /** Columns as wide as they ever had to be, so that nothing moves sideways under the eye. */
  #setWidths(/** @type {View} */ { ask, bid }) {
    for (const row of [...ask, ...bid]) {
      for (const [at, name] of COLUMNS.entries()) this.#widths[at]?.take(row[name])
    }
    const all = this.#widths.reduce((sum, { characters }) => sum + characters, 0)
    for (const [at, column] of [...this.#table.querySelectorAll('col')].entries()) {
      const { characters = 1, fraction = 0 } = this.#widths[at] ?? {}
      column.style.width = `${(100 * (characters + 1)) / (all + COLUMNS.length)}%`
      this.#table.style.setProperty(`--fraction-${COLUMNS[at]}`, String(fraction))
    }
    this.#table.style.setProperty('--characters', String(Math.ceil(all)))
  }
}

/**
 * @param {EventTarget | null} target
 * @returns {Mark | undefined}
 */
function markOf(target) {
  const row = target instanceof Element ? target.closest('tr') : null
  const { side, price } = row?.dataset ?? {}
  if (price === undefined || (side !== 'bid' && side !== 'ask')) return undefined
  return { side: /** @type {Side} */ (side), price }
}

/** @param {View | undefined} view */
function spaced(view) {
  /** @param {string} [unit] */
  const before = (unit) => (unit ? ` ${unit}` : '')
  return { base: before(view?.base), quote: before(view?.quote) }
}
