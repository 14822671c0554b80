/** Each exchange's polls laid out on the round's schedule, so that a round that is not there shows as a gap. */

/** @import { Round } from './api-types.js' */

/** A slot: what became of an exchange's poll then. */
/** @typedef {{ readonly at: number, readonly state: 'usable' | 'failed' | 'gap', readonly why: string }} Slot */

const DEFAULT_STEP_MS = 60_000

/**
 * The usual time between two rounds: the most common one.
 *
 * @param {readonly number[]} times ascending
 */
export function stepOf(times) {
  /** @type {Map<number, number>} */
  const counts = new Map()
  for (let at = 1; at < times.length; at++) {
    const step = Number(times[at]) - Number(times[at - 1])
    if (step > 0) counts.set(step, (counts.get(step) ?? 0) + 1)
  }
  const [best] = [...counts].sort(([a, m], [b, n]) => n - m || a - b)
  return best?.[0] ?? DEFAULT_STEP_MS
}

/**
 * The times of the last `count` rounds as they should have been, oldest first.
 *
 * @param {readonly Round[]} rounds of one market, ascending
 * @param {number} count
 */
export function scheduleOf(rounds, count) {
  const times = rounds.map(({ poll_at }) => poll_at)
  const newest = times.at(-1)
  const oldest = times[0]
  if (newest === undefined || oldest === undefined) return []
  const step = stepOf(times)
  const slots = Math.min(count, Math.floor((newest - oldest) / step) + 1)
  return Array.from({ length: slots }, (_, n) => newest - (slots - 1 - n) * step)
}

/**
 * @param {readonly Round[]} rounds of one market, ascending
 * @param {string} exchange
 * @param {readonly number[]} schedule
 * @returns {Slot[]}
 */
export function slotsOf(rounds, exchange, schedule) {
  const byTime = new Map(rounds.map((round) => [round.poll_at, round]))
  return schedule.map((at) => {
    const said = byTime.get(at)?.exchanges.find((one) => one.exchange === exchange)
    if (said === undefined) return { at, state: 'gap', why: 'no round' }
    if (said.usable) return { at, state: 'usable', why: said.flags.join(', ') }
    const why = [said.reason, said.detail].filter((text) => text !== null).join(': ')
    return { at, state: said.reason === 'not_polled' ? 'gap' : 'failed', why }
  })
}

/**
 * Such as `28 of 30 polls usable, 1 failed, 1 missing`.
 *
 * @param {readonly Slot[]} slots
 */
export function summaryOf(slots) {
  /** @param {Slot['state']} state */
  const count = (state) => slots.filter((slot) => slot.state === state).length
  const parts = [`${count('usable')} of ${slots.length} polls usable`]
  if (count('failed') > 0) parts.push(`${count('failed')} failed`)
  if (count('gap') > 0) parts.push(`${count('gap')} missing`)
  return parts.join(', ')
}

/**
 * The newest round may be of an exchange that fails: what it says.
 *
 * @param {Round} round
 */
export function failuresOf(round) {
  return round.exchanges
    .filter(({ usable }) => !usable)
    .map(({ exchange, reason, detail }) => ({ exchange, reason: reason ?? 'unknown', detail }))
}
