/** An exact number for the eye: groups of three and, of sums of money, a quieter tail; its text keeps every digit as it came. */
import { make } from './dom.js'

/** Of money that was multiplied and added up, the decimals after these are seldom looked at. */
const LOUD_DECIMALS = 2

/**
 * The parts of a number; their text, one after the other, is `text`.
 *
 * @param {string} text plain decimal text
 * @param {boolean} isSum
 * @returns {{ groups: string[], loud: string, quiet: string }}
 */
export function partsOf(text, isSum) {
  const [whole = '', decimals] = text.split('.')
  const first = whole.length % 3 === 0 ? 3 : whole.length % 3
  const groups = [whole.slice(0, first), ...(whole.slice(first).match(/\d{3}/g) ?? [])]
  if (decimals === undefined) return { groups, loud: '', quiet: '' }
  const loud = isSum ? LOUD_DECIMALS : decimals.length
  return { groups, loud: `.${decimals.slice(0, loud)}`, quiet: decimals.slice(loud) }
}

/**
 * @param {HTMLElement} cell
 * @param {string} text
 * @param {boolean} [isSum]
 */
export function writeNumber(cell, text, isSum = false) {
  if (cell.textContent === text) return
  const { groups, loud, quiet } = partsOf(text, isSum)
  const whole = groups.map((group, at) => (at === 0 ? group : make('span', 'group', group)))
  const fraction = make('span', 'fraction', loud)
  if (quiet !== '') fraction.append(make('span', 'quiet', quiet))
  cell.replaceChildren(...whole, fraction)
}

/**
 * The widest numbers that a column has held, so that it never gets narrower while people look at it.
 */
export class ColumnWidth {
  #whole = 1
  #fraction = 0

  /** @param {string} text */
  take(text) {
    const point = text.indexOf('.')
    const whole = point === -1 ? text.length : point
    this.#whole = Math.max(this.#whole, whole + Math.floor((whole - 1) / 3) * 0.3)
    this.#fraction = Math.max(this.#fraction, text.length - (point === -1 ? text.length : point))
  }

  /** Characters after the whole part, the point included. */
  get fraction() {
    return this.#fraction
  }

  get characters() {
    return this.#whole + this.#fraction
  }
}
