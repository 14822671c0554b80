/** What the lake says, a few questions at a time: each opens a database of its own. */
import { type Answer, type Refusal, refusal } from './answer.js'
import type { Cell, Lake, LakeRange } from './ports.js'

const AT_ONCE = 2
const WAITING = 8
export const MAX_LAKE_MS = 7 * 86_400_000

export class LakeAnswers {
  readonly #lake: Lake
  #working = 0
  readonly #waiting: (() => void)[] = []

  constructor(lake: Lake) {
    this.#lake = lake
  }

  async answer(
    question: 'mid' | 'depth',
    range: LakeRange,
    nowMs: number,
  ): Promise<Answer | Refusal> {
    // A second of grace: the request was on its way meanwhile.
    if (range.since < nowMs - MAX_LAKE_MS - 1000) {
      return refusal(400, 'since: at most 7 days back; depthline report reads further')
    }
    if (this.#waiting.length >= WAITING) {
      return refusal(429, `${WAITING} questions are waiting for the lake already`)
    }
    if (this.#working < AT_ONCE) this.#working++
    else await new Promise<void>((go) => this.#waiting.push(go))
    try {
      const table = await this.#lake.report(question, range)
      if (table === undefined) {
        return refusal(
          404,
          'there is no lake here: depthline analyse writes it, below DEPTHLINE_DATA',
        )
      }
      const { columns } = table
      const rows = table.rows.map((row) => withEpochTime(row, columns.indexOf('poll_at')))
      const body = rows.map((row) =>
        Object.fromEntries(columns.map((name, at) => [name, row[at] ?? null])),
      )
      return { body, table: () => ({ columns, rows }) }
    } finally {
      // Whoever waits takes the place over, so that nobody slips in between.
      const next = this.#waiting.shift()
      if (next === undefined) this.#working--
      else next()
    }
  }
}

/** Reports have times as text; the API has them all in milliseconds, so that answers can be joined. */
function withEpochTime(row: readonly Cell[], at: number): Cell[] {
  return row.map((cell, index) => (index === at ? Date.parse(String(cell)) : cell))
}
