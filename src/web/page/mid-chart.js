/** Mid prices of one market over time: each exchange's and their average, with gaps where nothing was polled. */
import uPlot from '/vendor/uplot/uPlot.esm.js'
import { axis, ChartFrame } from './chart-frame.js'
import { midData } from './mid-chart-data.js'

/** @import { Round } from './api-types.js' */
/** @import { Colour } from './chart-frame.js' */

/** Lines differ by their dashes as well as their colours; the style sheet has the same for the legend. */
const DASHES = [[], [7, 3], [2, 3], [8, 3, 2, 3]]
export const LINE_STYLES = DASHES.length

export class MidChart {
  /** @type {ChartFrame} */
  #frame
  /** @type {readonly string[]} */
  #exchanges = []

  /** @param {HTMLElement} box */
  constructor(box) {
    this.#frame = new ChartFrame(box, (colour) => designOf(colour, this.#exchanges.length))
  }

  /**
   * @param {readonly Round[]} rounds of one market, ascending
   * @param {readonly string[]} exchanges
   */
  draw(rounds, exchanges) {
    const isOther = exchanges.join() !== this.#exchanges.join()
    this.#exchanges = exchanges
    this.#frame.setData(midData(rounds, exchanges))
    if (isOther) this.#frame.rebuild()
  }
}

/**
 * @param {Colour} colour
 * @param {number} count of exchanges
 */
function designOf(colour, count) {
  const lines = Array.from({ length: count }, (_, at) => ({
    stroke: colour(`--line-${at % LINE_STYLES}`),
    dash: DASHES[at % LINE_STYLES] ?? [],
    width: 1.25,
    spanGaps: false,
    points: { show: false },
  }))
  const average = { stroke: colour('--text'), width: 2, spanGaps: false, points: { size: 4 } }
  return {
    tzDate: (/** @type {number} */ seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    scales: { x: { time: true } },
    axes: [
      axis(colour, { space: 70, size: 26, values: (_, values) => values.map(hourText) }),
      axis(colour, { size: 58, values: (_, values) => values.map(String) }),
    ],
    series: [{}, average, ...lines],
    cursor: { drag: { x: false, y: false } },
  }
}

/** @param {number} seconds */
function hourText(seconds) {
  const text = new Date(seconds * 1000).toISOString()
  return seconds % 60 === 0 ? text.slice(11, 16) : text.slice(11, 19)
}
