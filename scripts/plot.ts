/** A line plot as SVG text: one axis of values from zero, one of sizes in powers; readable on light and on dark. */
import { short } from './figure-text.js'

export interface Series {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

export interface Plot {
  readonly title: string
  /** Sizes are drawn by their logarithm, for they grow in powers. */
  readonly xLabel: string
  readonly yLabel: string
  readonly series: readonly Series[]
}

const [WIDTH, HEIGHT] = [640, 320]
const AREA = { left: 64, right: 24, top: 44, bottom: 48 }
const FLOOR = HEIGHT - AREA.bottom
const STYLE = `<style>
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 14px; font-weight: 600 }
.grid { stroke: #d1d9e0 }
.line { fill: none; stroke: currentColor; stroke-width: 2 }
circle, .name { fill: currentColor }
.s0 { color: #0969da } .s1 { color: #bc4c00 } .s2 { color: #1a7f37 }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc } .grid { stroke: #3d444d }
.s0 { color: #4493f8 } .s1 { color: #f0883e } .s2 { color: #3fb950 }
}
</style>`

/** At least two sizes, for one has no span to be placed in. */
export function drawPlot({ title, xLabel, yLabel, series }: Plot): string {
  const xs = series.flatMap(({ points }) => points.map(([x]) => x))
  const sizes = [...new Set(xs)].sort((a, b) => a - b)
  const top = roundedUp(Math.max(...series.flatMap(({ points }) => points.map(([, y]) => y))))
  const [low, high] = [Math.log(sizes[0]!), Math.log(sizes.at(-1)!)]
  const inner = WIDTH - AREA.left - AREA.right
  const x = (size: number) => {
    return Math.round(AREA.left + ((Math.log(size) - low) / (high - low)) * inner)
  }
  const y = (value: number) => Math.round(FLOOR - (value / top) * (FLOOR - AREA.top))
  const marks = [0, 0.25, 0.5, 0.75, 1].map((share) => top * share)
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">`,
    STYLE,
    text({ x: AREA.left, y: 18, value: title, className: 'title' }),
    text({ x: AREA.left, y: 36, value: yLabel }),
    text({ x: WIDTH - AREA.right, y: HEIGHT - 8, value: xLabel, anchor: 'end' }),
    ...marks.map(
      (mark) => `<path class="grid" d="M${AREA.left} ${y(mark)}H${WIDTH - AREA.right}"/>`,
    ),
    ...marks.map((mark) =>
      text({ x: AREA.left - 8, y: y(mark) + 4, value: short(mark), anchor: 'end' }),
    ),
    ...sizes.map((size) =>
      text({ x: x(size), y: FLOOR + 18, value: short(size), anchor: 'middle' }),
    ),
    ...series.flatMap((line, index) => drawLine(line, index, { x, y })),
  ]
  return `${parts.join('\n')}\n</svg>\n`
}

function drawLine(
  { name, points }: Series,
  index: number,
  at: { x(size: number): number; y(value: number): number },
): string[] {
  const places = points.map(([size, value]) => `${at.x(size)} ${at.y(value)}`)
  const dots = points.map(([size, value]) => {
    const tip = `<title>${escaped(`${name}: ${short(value)} at ${short(size)}`)}</title>`
    return `<circle cx="${at.x(size)}" cy="${at.y(value)}" r="3">${tip}</circle>`
  })
  const label = { x: AREA.left + 160 * index, y: HEIGHT - 8, value: `● ${name}`, className: 'name' }
  const line = `<path class="line" d="M${places.join('L')}"/>`
  return [`<g class="s${index}">`, line, ...dots, text(label), '</g>']
}

/** The next of 1, 2, 4 or 8 times a power of ten, whose quarters are short numbers. */
function roundedUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value || 1))
  return power * ([1, 2, 4, 8].find((step) => step * power >= value) ?? 10)
}

function text(label: {
  x: number
  y: number
  value: string
  anchor?: string
  className?: string
}): string {
  const { x, y, value, anchor = 'start', className } = label
  const kind = className === undefined ? '' : ` class="${className}"`
  return `<text x="${x}" y="${y}" text-anchor="${anchor}"${kind}>${escaped(value)}</text>`
}

function escaped(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
