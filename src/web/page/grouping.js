/** Levels gathered by price step: bids down, asks up, and no amount gained or lost. */
import { add, compare, parseDecimal, toStep, toText, ZERO } from './decimal.js'

/** @import { Decimal } from './decimal.js' */
/** @import { LevelText, Side } from './api-types.js' */

/**
 * A row of the ladder: a level, or all levels of one step. All digits are exact.
 *
 * @typedef {object} Row
 * @property {string} price
 * @property {string} amount
 * @property {string} total
 * @property {string} cumSum
 */

const MAX_STEPS = 7
const ONE_PERCENT = { units: 1n, scale: 2 }

/**
 * Rows from the best price on; without a step each level is one, its text untouched.
 *
 * @param {readonly LevelText[]} levels best price first
 * @param {Side} side
 * @param {string | undefined} step
 * @returns {Row[]}
 */
export function rowsOf(levels, side, step) {
  if (step === undefined) {
    return levels.map(([price, amount, total, cumSum]) => ({ price, amount, total, cumSum }))
  }
  const width = parseDecimal(step)
  const direction = side === 'bid' ? 'down' : 'up'
  /** @type {Map<string, { amount: Decimal, total: Decimal, cumSum: string }>} */
  const groups = new Map()
  for (const [price, amount, total, cumSum] of levels) {
    const bound = toText(toStep(parseDecimal(price), width, direction))
    const group = groups.get(bound) ?? { amount: ZERO, total: ZERO, cumSum }
    group.amount = add(group.amount, parseDecimal(amount))
    group.total = add(group.total, parseDecimal(total))
    // The running sum at the last level of a group is that of the group.
    group.cumSum = cumSum
    groups.set(bound, group)
  }
  return [...groups].map(([price, { amount, total, cumSum }]) => {
    return { price, amount: toText(amount), total: toText(total), cumSum }
  })
}

/**
 * Steps worth offering: 1 and 5 times powers of ten, from just above the finest
 * digit of a price to one per cent of it.
 *
 * @param {readonly LevelText[]} levels of both sides
 * @returns {string[]}
 */
export function stepsFor(levels) {
  const prices = levels.map(([price]) => parseDecimal(price))
  const [first] = prices
  if (first === undefined) return []
  const scale = Math.max(...prices.map((price) => price.scale))
  const widest = { units: first.units, scale: first.scale + ONE_PERCENT.scale }
  /** @type {string[]} */
  const steps = []
  for (let exponent = -scale; ; exponent++) {
    for (const digit of [1n, 5n]) {
      const step = power(digit, exponent)
      if (compare(step, widest) > 0) return steps.slice(-MAX_STEPS)
      // One of the finest digit would gather nothing.
      if (digit !== 1n || exponent > -scale) steps.push(toText(step))
    }
  }
}

/**
 * @param {bigint} digit
 * @param {number} exponent
 * @returns {Decimal}
 */
function power(digit, exponent) {
  if (exponent < 0) return { units: digit, scale: -exponent }
  return { units: digit * 10n ** BigInt(exponent), scale: 0 }
}
