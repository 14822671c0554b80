/** Several runs as one: the median of each figure, rounded to what it can tell. */
import { median } from '../report.js'

/** The median of each field that holds numbers in all runs; a run that could not say counts for none. */
export function mediansOf<T extends object>(runs: readonly T[]): Record<string, unknown> {
  const [first] = runs
  const fields = Object.keys(first ?? {}).map((field) => {
    const values = runs.map((run) => (run as Record<string, unknown>)[field])
    if (values.some((value) => typeof value === 'object' && value !== null)) {
      return [field, mediansOf(values.filter(isObject))]
    }
    const known = values.filter((value) => typeof value === 'number' && !Number.isNaN(value))
    if (known.length > 0) return [field, round(median(known as number[]))]
    return [field, values[0] ?? null]
  })
  return Object.fromEntries(fields)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** Three significant decimals below ten, whole numbers above a thousand. */
function round(value: number): number {
  const digits = Math.abs(value) < 10 ? 1000 : Math.abs(value) < 1000 ? 10 : 1
  return Math.round(value * digits) / digits
}
