/** The live page: ten seeded events every 100 ms into a book, and the book on the screen each second. */
import { byId, make } from '../web/page/dom.js'
import { startHostileView } from './hostile-view.js'
import { LadderView } from './ladder-view.js'
import { BATCHES_PER_TICK, LiveBook, type TakenOff } from './live-book.js'

const SEED = 2026
const INTERVAL_MS = 100

const book = new LiveBook(SEED)
const ladder = new LadderView()
const symbols = byId<HTMLSelectElement>('symbol')
const doubles = byId<HTMLInputElement>('doubles')
const pause = byId<HTMLButtonElement>('pause')
let batches = 0
let isPaused = false

/** One batch; after the tenth the second is over. A tab in the background goes slower, and loses nothing. */
function step(): void {
  if (isPaused) return
  book.applyBatch()
  batches++
  if (batches % BATCHES_PER_TICK === 0) draw()
}

function draw(): void {
  const all = book.rows()
  drawSymbols([...new Set(all.map((row) => row.symbol))])
  const symbol = symbols.value
  const rows = all.filter((row) => row.symbol === symbol)
  const close = book.lastClose
  const count = ladder.draw({
    symbol,
    rows,
    middle: book.middle(symbol),
    doubles: doubles.checked ? (side) => book.doubles.rows(side) : undefined,
    closed: close?.symbol === symbol ? `${close.side} ${close.price}` : '',
  })
  byId('double-note').textContent = doubles.checked
    ? `${count.wrong} of ${count.numbers} computed numbers come out wrong in doubles, marked ≠`
    : ''
  byId('tick').textContent = `${Math.floor(batches / BATCHES_PER_TICK)}`
  byId('events').textContent = book.events.toLocaleString('en-GB')
  if (close !== undefined) drawClose(close)
}

/** A record may bring a symbol of its own; what was chosen stays chosen while it is there. */
function drawSymbols(names: readonly string[]): void {
  const shown = [...symbols.options].map((option) => option.value)
  if (shown.join(' ') === names.join(' ')) return
  const chosen = symbols.value
  symbols.replaceChildren(...names.map((name) => new Option(name, name, false, name === chosen)))
}

function drawClose({ record, orderId, symbol, side, price, size, before, after }: TakenOff): void {
  byId('close-record').textContent = record
  const became = after === '0' ? 'and the level is gone' : `which leaves ${after}`
  byId('close-effect').replaceChildren(
    'Only the book knows what order ',
    make('b', '', orderId),
    ' was: ',
    make('b', side, `${symbol} ${side} ${size} at ${price}`),
    `. The level held ${before}; ${size} goes, ${became}.`,
  )
}

function togglePause(): void {
  isPaused = !isPaused
  pause.setAttribute('aria-pressed', `${isPaused}`)
  byId('announcer').textContent = isPaused
    ? `Paused at tick ${byId('tick').textContent}`
    : 'Resumed'
}

pause.addEventListener('click', togglePause)
symbols.addEventListener('change', draw)
doubles.addEventListener('change', () => {
  doubles.setAttribute('aria-checked', `${doubles.checked}`)
  draw()
})
document.addEventListener('keydown', (event) => {
  const isTyping = event.target instanceof Element && event.target.closest('textarea, select')
  if (event.key === 'p' && !isTyping && !event.ctrlKey && !event.metaKey) togglePause()
})
startHostileView((record) => {
  const verdict = book.feed(record)
  draw()
  return verdict
})
byId('seed').textContent = `${SEED}`
setInterval(step, INTERVAL_MS)
