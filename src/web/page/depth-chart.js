/** The depth chart: the ladder's Sum over price, and the row that is pointed at in either of them. */
import uPlot from '/vendor/uplot/uPlot.esm.js'
import { axis, ChartFrame, shortNumber } from './chart-frame.js'
import { byId } from './dom.js'

/** @import { Mark, View } from './book-view.js' */
/** @import { Colour } from './chart-frame.js' */

/** Of a bid the sum holds down to the next price, of an ask up to it. */
const STEP_BACK = -1
const STEP_ON = 1

export class DepthChart {
  #box = byId('depth-chart')
  #frame = new ChartFrame(this.#box, designOf)
  /** By place on the x axis; the outermost ones twice. @type {Mark[]} */
  #marks = []
  /** @type {Mark | undefined} */
  #mark

  /** @param {(mark: Mark | undefined) => void} onMark */
  constructor(onMark) {
    this.#box.addEventListener('mousemove', () => {
      const at = this.#frame.plot?.cursor.idx
      onMark(typeof at === 'number' ? this.#marks[at] : undefined)
    })
    this.#box.addEventListener('mouseleave', () => onMark(undefined))
  }

  /** @param {View} view */
  draw(view) {
    const points = drawnOn([
      ...view.bid.map((row) => point('bid', row)).reverse(),
      ...view.ask.map((row) => point('ask', row)),
    ])
    this.#marks = points.map(({ mark }) => mark)
    this.#frame.setData([
      points.map(({ x }) => x),
      points.map(({ side, y }) => (side === 'bid' ? y : null)),
      points.map(({ side, y }) => (side === 'ask' ? y : null)),
    ])
    // uPlot takes new data over in a microtask; only then does a price have its new place.
    queueMicrotask(() => this.mark(this.#mark))
    byId('depth-unit').textContent = view.quote === '' ? '' : `Sum in ${view.quote} over price`
    this.#box.setAttribute('aria-label', describe(view))
  }

  /** @param {Mark | undefined} mark */
  mark(mark) {
    this.#mark = mark
    const plot = this.#frame.plot
    if (plot === undefined) return
    /** @param {Mark} other */
    const isIt = (other) => other.side === mark?.side && other.price === mark.price
    const at = mark?.side === 'bid' ? this.#marks.findLastIndex(isIt) : this.#marks.findIndex(isIt)
    const x = plot.data[0][at]
    const y = plot.data[mark?.side === 'bid' ? 1 : 2]?.[at]
    this.#box.dataset.marked = x === undefined || mark === undefined ? '' : mark.price
    if (x === undefined || typeof y !== 'number') plot.setCursor({ left: -10, top: -10 }, false)
    else plot.setCursor({ left: plot.valToPos(x, 'x'), top: plot.valToPos(y, 'y') }, false)
  }
}

/**
 * @param {Mark['side']} side
 * @param {{ price: string, cumSum: string }} row
 */
function point(side, { price, cumSum }) {
  return { side, mark: { side, price }, x: Number(price), y: Number(cumSum) }
}

/** @typedef {{ side: Mark['side'], mark: Mark, x: number, y: number }} Point */

/** How far the outermost sums are drawn on, as a share of the whole. */
const BEYOND = 0.04

/**
 * In order of price, with the outermost sums drawn on a little: else the last one has no width.
 *
 * @param {Point[]} points
 * @returns {Point[]}
 */
function drawnOn(points) {
  const sorted = points.sort((a, b) => a.x - b.x)
  const [first, last] = [sorted[0], sorted.at(-1)]
  if (first === undefined || last === undefined) return []
  const beyond = (last.x - first.x || last.x / 1_000) * BEYOND
  return [
    ...(first.side === 'bid' ? [{ ...first, x: first.x - beyond }] : []),
    ...sorted,
    ...(last.side === 'ask' ? [{ ...last, x: last.x + beyond }] : []),
  ]
}

/** @param {View} view */
function describe({ symbol, bid, ask, quote }) {
  /**
   * @param {string} name
   * @param {View['bid']} rows
   */
  const side = (name, rows) => {
    const last = rows.at(-1)
    return last === undefined ? `no ${name}` : `${name} of ${last.cumSum} ${quote} to ${last.price}`
  }
  return `Depth of ${symbol}: ${side('bids', bid)}, ${side('asks', ask)}. The table holds the same numbers.`
}

/** @param {Colour} colour */
function designOf(colour) {
  /**
   * @param {string} name
   * @param {1 | -1} align
   */
  const series = (name, align) => ({
    stroke: colour(`--${name}`),
    fill: colour(`--${name}-bar`),
    width: 1.5,
    spanGaps: true,
    points: { show: false },
    paths: uPlot.paths.stepped?.({ align }) ?? null,
  })
  return {
    scales: { x: { time: false }, y: { range: fromZero } },
    axes: [
      axis(colour, { space: 80, size: 26, values: (_, values) => values.map(String) }),
      axis(colour, { size: 52, values: (_, values) => values.map(shortNumber) }),
    ],
    series: [{}, series('bid', STEP_BACK), series('ask', STEP_ON)],
    cursor: { drag: { x: false, y: false }, points: { size: 7 } },
  }
}

/**
 * @param {unknown} _
 * @param {number} __
 * @param {number} max
 * @returns {[number, number]}
 */
function fromZero(_, __, max) {
  return [0, max > 0 ? max * 1.06 : 1]
}
