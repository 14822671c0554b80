/** How the last polls of each exchange went: a mark a round, a gap where there was none, and the reason of the newest failure. */
import { clockText } from './age.js'
import { make } from './dom.js'
import { scheduleOf, slotsOf, summaryOf } from './poll-health.js'

/** @import { Round } from './api-types.js' */

const SLOTS = 30

/**
 * @param {HTMLElement} list
 * @param {readonly Round[]} rounds of one market, ascending
 * @param {readonly string[]} exchanges
 */
export function drawPolls(list, rounds, exchanges) {
  const schedule = scheduleOf(rounds, SLOTS)
  list.replaceChildren(
    ...exchanges.map((exchange) => {
      const slots = slotsOf(rounds, exchange, schedule)
      const summary = summaryOf(slots)
      const marks = make('span', 'marks', ...slots.map(mark))
      marks.setAttribute('role', 'img')
      marks.setAttribute('aria-label', summary)
      const item = make(
        'li',
        '',
        make('span', 'name', exchange),
        marks,
        make('span', 'unit', short(summary)),
      )
      item.dataset.exchange = exchange
      const newest = slots.at(-1)
      if (newest !== undefined && newest.state !== 'usable') {
        item.append(make('span', 'why', `⚠ now: ${newest.why}`))
      } else {
        const last = slots.findLast(({ state }) => state === 'failed')
        if (last !== undefined) {
          item.append(make('span', 'why past', `failed at ${clockText(last.at)}: ${last.why}`))
        }
      }
      return item
    }),
  )
}

/** @param {ReturnType<typeof slotsOf>[number]} slot */
function mark({ at, state, why }) {
  const made = make('span', `mark ${state}`)
  made.title = `${clockText(at)} UTC: ${state}${why === '' ? '' : `, ${why}`}`
  return made
}

/** @param {string} summary */
function short(summary) {
  return summary.replace(' polls usable', '')
}
