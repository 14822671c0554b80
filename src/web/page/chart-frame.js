/** A uPlot that fills its box and follows the reader's colours; what is drawn in it is its owner's. */
import uPlot from '/vendor/uplot/uPlot.esm.js'

/** @typedef {(name: string) => string} Colour by the name of a custom property */
/** @typedef {(colour: Colour) => Pick<uPlot.Options, 'series' | 'axes' | 'scales' | 'cursor'> & Partial<uPlot.Options>} Design */

export class ChartFrame {
  /** @type {HTMLElement} */
  #box
  /** @type {Design} */
  #design
  /** @type {uPlot.AlignedData} */
  #data = [[]]
  /** @type {uPlot | undefined} */
  #plot

  /**
   * @param {HTMLElement} box
   * @param {Design} design
   */
  constructor(box, design) {
    this.#box = box
    this.#design = design
    new ResizeObserver(() => this.#resize()).observe(box)
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.rebuild())
  }

  /** Undefined while there is no room for it. */
  get plot() {
    return this.#plot
  }

  /** @param {uPlot.AlignedData} data */
  setData(data) {
    this.#data = data
    if (this.#plot === undefined) this.rebuild()
    else this.#plot.setData(data)
  }

  /** With the design and the colours of now. */
  rebuild() {
    this.#plot?.destroy()
    this.#plot = undefined
    const { clientWidth: width, clientHeight: height } = this.#box
    if (width === 0 || height === 0) return
    const style = getComputedStyle(this.#box)
    const design = this.#design((name) => style.getPropertyValue(name).trim())
    const options = { width, height, legend: { show: false }, ...design }
    this.#plot = new uPlot(options, this.#data, this.#box)
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.#box
    if (this.#plot === undefined) this.rebuild()
    else if (width > 0 && height > 0) this.#plot.setSize({ width, height })
  }
}

/**
 * An axis that keeps quiet.
 *
 * @param {Colour} colour
 * @param {Partial<uPlot.Axis>} more
 * @returns {uPlot.Axis}
 */
export function axis(colour, more) {
  return {
    stroke: colour('--text-quiet'),
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui, sans-serif',
    gap: 4,
    ...more,
  }
}

/**
 * Such as 1.2M, for axes alone: a double is good enough for where a pixel goes.
 *
 * @param {number} value
 */
export function shortNumber(value) {
  return new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 4 }).format(
    value,
  )
}
