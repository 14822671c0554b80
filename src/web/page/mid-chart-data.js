/** Rounds as the series of a chart: mid prices over time, and nothing where nothing was polled. */
import { stepOf } from './poll-health.js'

/** @import { Round } from './api-types.js' */

/**
 * Times in seconds, the average, then each exchange; null where there was none.
 *
 * @param {readonly Round[]} rounds
 * @param {readonly string[]} exchanges
 * @returns {[number[], ...(number | null)[][]]}
 */
export function midData(rounds, exchanges) {
  const step = stepOf(rounds.map(({ poll_at }) => poll_at))
  /** A round, or undefined where the schedule has one that is not there. @type {[number, Round | undefined][]} */
  const slots = []
  for (const [at, round] of rounds.entries()) {
    const before = rounds[at - 1]?.poll_at ?? round.poll_at
    if (round.poll_at - before > step * 1.5) slots.push([before + step, undefined])
    slots.push([round.poll_at, round])
  }
  return [
    slots.map(([at]) => at / 1000),
    slots.map(([, round]) => pixel(round?.average_mid_price)),
    ...exchanges.map((name) =>
      slots.map(([, round]) =>
        pixel(round?.exchanges.find((one) => one.exchange === name)?.mid_price),
      ),
    ),
  ]
}

/** @param {string | null | undefined} price */
function pixel(price) {
  return price === null || price === undefined ? null : Number(price)
}
