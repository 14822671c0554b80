/** The page: takes what the stream says, keeps what is shown, and draws it once a frame. */
import { clockText, durationText, freshnessOf, ServerClock } from './age.js'
import { symbolsOf, viewOf } from './book-view.js'
import { DepthChart } from './depth-chart.js'
import { byId, make } from './dom.js'
import { Exchanges } from './exchanges.js'
import { stepsFor } from './grouping.js'
import { drawHealth } from './health.js'
import { Ladder } from './ladder.js'
import { announce, Notices } from './notices.js'
import { Stream } from './stream.js'
import { Tabs } from './tabs.js'

/** @import { Status, TickEvent } from './api-types.js' */
/** @import { Mark } from './book-view.js' */

const STATUS_MS = 2_000
const AGE_MS = 200
const SIGNS = { fresh: '●', late: '▲', stale: '■' }

/** @type {TickEvent | undefined} */
let newest
/** The tick on the screen while the page is paused. @type {TickEvent | undefined} */
let held
let symbol = decodeHash()
/** The chosen price step of each symbol. @type {Map<string, string>} */
const steps = new Map()
/** @type {import('./age.js').Freshness} */
let freshness = 'fresh'
let isDrawPlanned = false

const clock = new ServerClock(() => performance.now())
const notices = new Notices()
const exchanges = new Exchanges()
const tabs = new Tabs(select)
const ladder = new Ladder(mark)
const chart = new DepthChart(mark)
const stream = new Stream({
  onTick(tick) {
    newest = tick
    planDraw()
  },
  onRound: (round) => exchanges.take(round),
  onGap: (gap) => notices.gap(gap),
  onOpen() {
    notices.connected()
    void exchanges.load()
  },
  onLost: () => notices.lost(),
})

byId('pause').addEventListener('click', togglePause)
document.addEventListener('keydown', ({ key, target, ctrlKey, metaKey, altKey }) => {
  const isTyping = target instanceof Element && target.closest('select, input, textarea') !== null
  if (key === 'p' && !isTyping && !ctrlKey && !metaKey && !altKey) togglePause()
})
byId('step').addEventListener('change', ({ target }) => {
  if (symbol !== undefined && target instanceof HTMLSelectElement) steps.set(symbol, target.value)
  planDraw()
})
await askStatus()
stream.open()
setInterval(drawAge, AGE_MS)
setInterval(askStatus, STATUS_MS)

/** Ticks that come together, as after a pause of the network, are drawn as one. */
function planDraw() {
  if (isDrawPlanned) return
  isDrawPlanned = true
  requestAnimationFrame(() => {
    isDrawPlanned = false
    draw()
  })
}

function draw() {
  const tick = held ?? newest
  if (tick === undefined) return
  const symbols = symbolsOf(tick)
  // A symbol whose last order was closed keeps its tab while it is looked at.
  if (symbol !== undefined && !symbols.includes(symbol)) symbols.push(symbol)
  symbol ??= symbols[0]
  tabs.draw(symbols, symbol, tick.crossed)
  if (symbol === undefined) {
    showEmpty('There are no open orders in any book.')
    return
  }
  drawSteps(tick, symbol)
  const step = steps.get(symbol) || undefined
  const view = viewOf(tick, symbol, step)
  const isEmpty = view.bid.length + view.ask.length === 0
  showEmpty(isEmpty ? `There are no open orders in ${symbol}.` : undefined)
  byId('cut-note').textContent =
    step === undefined ? '' : 'The outermost rows hold only what the tick carries.'
  ladder.draw(view)
  chart.draw(view)
  drawAge()
}

/** @param {string | undefined} text undefined where there is a book to show */
function showEmpty(text) {
  byId('empty').hidden = text === undefined
  if (text !== undefined) byId('empty').textContent = text
  byId('ladder-box').hidden = text !== undefined
  byId('legend').hidden = text !== undefined
}

/**
 * The steps on offer stay while a symbol is looked at, so that none moves under the hand.
 *
 * @param {TickEvent} tick
 * @param {string} of
 */
function drawSteps(tick, of) {
  const select = byId('step')
  if (!(select instanceof HTMLSelectElement)) return
  const { bids = [], asks = [] } = tick.books[of] ?? {}
  if (select.dataset.symbol === of || bids.length + asks.length === 0) return
  select.dataset.symbol = of
  const options = ['', ...stepsFor([...bids, ...asks])].map((step) => {
    const option = make('option', '', step === '' ? 'each price' : step)
    option.value = step
    return option
  })
  select.replaceChildren(...options)
  select.value = steps.get(of) ?? ''
}

/** @param {string} next */
function select(next) {
  symbol = next
  history.replaceState(null, '', `#${encodeURIComponent(next)}`)
  mark(undefined)
  draw()
}

/** @param {Mark | undefined} at */
function mark(at) {
  ladder.mark(at)
  chart.mark(at)
}

function togglePause() {
  held = held === undefined ? newest : undefined
  const isPaused = held !== undefined
  document.body.classList.toggle('paused', isPaused)
  const button = byId('pause')
  button.setAttribute('aria-pressed', String(isPaused))
  const text = button.querySelector('.text')
  if (text !== null) text.textContent = isPaused ? 'Resume' : 'Pause'
  announce(isPaused ? 'Paused: the book and the chart stand still.' : 'Going on.')
  planDraw()
  drawAge()
}

function drawAge() {
  const tick = held ?? newest
  const ageMs = tick && clock.ageOf(tick.tick)
  if (tick === undefined || ageMs === undefined) return
  const now = freshnessOf(ageMs)
  const line = byId('age')
  const at = `book as of ${clockText(tick.tick * 1000)} UTC, age ${durationText(ageMs)}`
  const [sign, text] = line.children
  if (sign !== undefined) sign.textContent = held === undefined ? SIGNS[now] : '❚❚'
  const isStale = now === 'stale' ? ', stale' : now === 'late' ? ', late' : ''
  if (text !== undefined)
    text.textContent = held === undefined ? `${at}${isStale}` : `paused: ${at}${isStale}`
  line.dataset.state = now
  if (now !== freshness && held === undefined) {
    if (now === 'stale') announce('The book is stale: no new tick for more than 5 seconds.')
    if (now === 'fresh' && freshness === 'stale') announce('Ticks come again.')
  }
  freshness = now
}

async function askStatus() {
  const askedAtMs = performance.now()
  /** @type {Status | undefined} */
  const status = await fetch('/api/v1/status')
    .then((response) => (response.ok ? response.json() : undefined))
    .catch(() => undefined)
  drawHealth(status)
  if (status === undefined) return
  byId('simulated').hidden = !status.simulated
  document.title = status.simulated ? 'SIMULATED · depthline' : 'depthline'
  byId('version').textContent = `depthline ${status.version}`
  const { tick, age_ms: ageMs, missing = [] } = status
  if (newest === undefined && missing.length > 0) showEmpty(`No tick has come yet: ${missing[0]}`)
  if (tick === null || ageMs === null) return
  clock.set({ tick, ageMs, askedAtMs })
  stream.compareWith(tick)
}

function decodeHash() {
  try {
    return decodeURIComponent(location.hash.slice(1)) || undefined
  } catch {
    return undefined
  }
}
