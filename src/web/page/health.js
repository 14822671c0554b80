/** The health strip: how the processor does, as the server's status tells it. */
import { clockText } from './age.js'
import { byId, make } from './dom.js'

/** @import { Status } from './api-types.js' */

/** @typedef {{ readonly text: string, readonly state?: 'good' | 'warn' | 'bad' | 'unknown' }} Item */

const UNKNOWN = /** @type {const} */ ({ text: 'unknown', state: 'unknown' })
/** Beyond these a figure deserves a look. */
const LATE_MS = 500
const LAG_RECORDS = 10_000
/** A recount further behind than this says so. */
const RECOUNT_LAG_TICKS = 10
const SIGNS = { good: '✓ ', warn: '⚠ ', bad: '✗ ', unknown: '' }

/**
 * Name and text of each item, in their order.
 *
 * @param {Status} status
 * @returns {[string, Item][]}
 */
export function healthItems(status) {
  const { events_per_second: events, tick_lateness_ms: lateness, lag } = status
  const lagState = lag !== null && lag > LAG_RECORDS ? 'warn' : undefined
  /** @type {[string, Item][]} */
  const items = [
    ['Events/s', events === null ? UNKNOWN : { text: String(events) }],
    ['Rejected, 60 s', counted(status.rejected)],
    ['Lag', lag === null ? UNKNOWN : item(`${lag} ${lag === 1 ? 'record' : 'records'}`, lagState)],
    ['Tick lateness', latenessItem(lateness)],
    ['Missed, 60 s', counted(status.missed)],
    ['Recount', verifiedItem(status)],
  ]
  if (status.crossed.length > 0) items.push(['Crossed', item(status.crossed.join(', '), 'warn')])
  if (status.incomplete)
    items.push(['Books', item('incomplete: the input no longer starts at 0', 'bad')])
  if (status.clock !== null) items.push(['Clock', item(status.clock, 'warn')])
  const { skipped, missing = [] } = status
  if (skipped !== undefined && skipped.ticks + skipped.rounds > 0) {
    const last = skipped.last === null ? '' : `; the last: ${skipped.last}`
    items.push([
      'Unreadable',
      item(`${skipped.ticks + skipped.rounds} messages passed over${last}`, 'warn'),
    ])
  }
  if (missing.length > 0) items.push(['Not there', item(missing.join('; '), 'warn')])
  return items
}

/** @param {Status} status */
function verifiedItem({ verified, tick }) {
  if (verified === null) return item('not running', 'unknown')
  const { ticks, wrong, to } = verified
  if (wrong > 0) return item(`${wrong} of ${ticks} ticks differ from an independent recount`, 'bad')
  const isBehind = to !== null && tick !== null && tick - to > RECOUNT_LAG_TICKS
  const upTo = isBehind ? `, up to ${clockText(to * 1000)}` : ''
  return item(
    `last ${ticks} ticks verified by an independent recount${upTo}`,
    isBehind ? 'warn' : 'good',
  )
}

/** @param {Status['tick_lateness_ms']} lateness */
function latenessItem({ p50, p99 }) {
  if (p50 === null || p99 === null) return UNKNOWN
  return item(`p50 ${p50}, p99 ${p99} ms`, p99 > LATE_MS ? 'warn' : undefined)
}

/** @param {number} count */
function counted(count) {
  return item(String(count), count > 0 ? 'warn' : undefined)
}

/**
 * @param {string} text
 * @param {Item['state']} [state]
 * @returns {Item}
 */
function item(text, state) {
  return state === undefined ? { text } : { text, state }
}

/** @param {Status | undefined} status undefined where the server does not answer */
export function drawHealth(status) {
  const list = byId('health')
  list.classList.toggle('old', status === undefined)
  if (status === undefined) return
  const items = healthItems(status)
  const cells = [...list.children]
  for (const [at, [name, { text, state }]] of items.entries()) {
    const cell = cells[at] ?? list.appendChild(make('div', '', make('dt', ''), make('dd', '')))
    const [term, value] = cell.children
    if (term === undefined || value === undefined) continue
    term.textContent = name
    value.textContent = `${state === undefined ? '' : SIGNS[state]}${text}`
    value.className = state ?? ''
  }
  for (const cell of cells.slice(items.length)) cell.remove()
}
