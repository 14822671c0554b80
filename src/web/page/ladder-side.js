/** One side of the ladder: its table rows, kept from tick to tick by price, so that focus stays and a change can flash. */
import { make } from './dom.js'
import { writeNumber } from './number-text.js'

/** @import { Side } from './api-types.js' */
/** @import { Row } from './grouping.js' */

/** @typedef {{ element: HTMLTableRowElement, row: Row }} Drawn */

export class LadderSide {
  /** @type {Side} */
  side
  /** @type {HTMLElement} */
  #body
  /** @type {Map<string, Drawn>} */
  #drawn = new Map()
  /** Best price first. @type {readonly Row[]} */
  rows = []

  /**
   * @param {Side} side
   * @param {HTMLElement} body
   */
  constructor(side, body) {
    this.side = side
    this.#body = body
  }

  /**
   * @param {readonly Row[]} rows best price first
   * @param {{ largest: number, flashes: boolean }} how
   */
  draw(rows, { largest, flashes }) {
    const focusedAt = this.rows.findIndex(
      (row) => this.element(row.price) === document.activeElement,
    )
    this.rows = rows
    /** @type {Map<string, Drawn>} */
    const next = new Map()
    for (const row of rows) next.set(row.price, this.#drawRow(row, { largest, flashes }))
    for (const [price, { element }] of this.#drawn) if (!next.has(price)) element.remove()
    this.#drawn = next
    // Asks stand above the middle, so their best price comes last.
    const order = this.side === 'ask' ? [...rows].reverse() : rows
    for (const [at, { price }] of order.entries()) {
      const element = this.element(price)
      const there = this.#body.children[at] ?? null
      // Only what is new is put in: moving a row would take the focus from it.
      if (element !== undefined && there !== element) this.#body.insertBefore(element, there)
    }
    if (focusedAt !== -1 && document.activeElement === document.body) this.#focusNear(focusedAt)
  }

  /** @param {string} price */
  element(price) {
    return this.#drawn.get(price)?.element
  }

  /** @param {number} markedAt the row up to which the side is swept; -1 for none */
  mark(markedAt) {
    for (const [at, { price }] of this.rows.entries()) {
      const classes = this.element(price)?.classList
      classes?.toggle('swept', at <= markedAt)
      classes?.toggle('marked', at === markedAt)
    }
  }

  /**
   * @param {Row} row
   * @param {{ largest: number, flashes: boolean }} how
   * @returns {Drawn}
   */
  #drawRow(row, { largest, flashes }) {
    const known = this.#drawn.get(row.price)
    const element = known?.element ?? makeRow(this.side, row.price)
    const texts = [row.price, row.amount, row.total, row.cumSum]
    for (const [at, text] of texts.entries()) {
      const cell = /** @type {HTMLElement} */ (element.children[at])
      writeNumber(cell, text, at >= 2)
    }
    element.style.setProperty('--share', `${((Number(row.cumSum) / largest) * 100).toFixed(2)}%`)
    if (flashes && known?.row.amount !== row.amount) flash(element)
    return { element, row }
  }

  /** @param {number} at */
  #focusNear(at) {
    const row = this.rows[Math.min(at, this.rows.length - 1)]
    if (row !== undefined) this.element(row.price)?.focus()
  }
}

/**
 * @param {Side} side
 * @param {string} price
 */
function makeRow(side, price) {
  const cells = ['price', 'amount', 'total', 'sum'].map((name) => {
    const cell = make('td', name)
    cell.setAttribute('role', 'gridcell')
    return cell
  })
  const row = make('tr', side, ...cells)
  row.tabIndex = -1
  row.dataset.side = side
  row.dataset.price = price
  return row
}

/**
 * Two animations of the same look take turns, because one that is set again does not start again.
 *
 * @param {HTMLElement} element
 */
function flash(element) {
  const isOdd = element.classList.contains('flash-even')
  element.classList.toggle('flash-odd', isOdd)
  element.classList.toggle('flash-even', !isOdd)
}
