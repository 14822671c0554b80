/** What the benchmarks on Kafka take from their command line; what follows `--` goes to `run`. */
import { parseArgs } from 'node:util'

export interface BenchSettings {
  /** The option as numbers, or what stands for it. */
  numbers(name: string, otherwise: readonly number[]): number[]
  number(name: string, otherwise: number): number
  readonly nodeFlags: readonly string[]
  readonly runArgs: readonly string[]
  /** Of the results' file. */
  readonly name: string
}

/** @param options the names of those that take numbers, such as `--events 1000000,5000000` */
export function benchSettings(standardName: string, options: readonly string[]): BenchSettings {
  const given = process.argv.slice(2)
  const end = given.indexOf('--')
  const own = joined(end < 0 ? given : given.slice(0, end))
  const names = [...options, 'node-flags', 'name']
  const { values } = parseArgs({
    args: own,
    options: Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
  })
  const numbers = (name: string, otherwise: readonly number[]) => {
    const wanted = values[name]?.split(',').map(Number) ?? [...otherwise]
    if (wanted.some((value) => !(value > 0))) throw new Error(`--${name}: not a number above 0`)
    return wanted
  }
  return {
    numbers,
    number: (name, otherwise) => numbers(name, [otherwise])[0]!,
    nodeFlags: values['node-flags']?.split(/\s+/).filter(Boolean) ?? [],
    runArgs: end < 0 ? [] : given.slice(end + 1),
    name: values.name ?? standardName,
  }
}

/** Flags of Node begin with a dash themselves, and would be taken for options without the equals sign. */
function joined(args: readonly string[]): string[] {
  const at = args.indexOf('--node-flags')
  if (at < 0) return [...args]
  return [...args.slice(0, at), `--node-flags=${args[at + 1] ?? ''}`, ...args.slice(at + 2)]
}

/** The median of each field that holds numbers in all runs; a run that could not say counts for none. */
export function mediansOf<T extends object>(
  runs: readonly T[],
  median: (values: readonly number[]) => number,
): Record<string, unknown> {
  const [first] = runs
  const fields = Object.keys(first ?? {}).map((field) => {
    const values = runs.map((run) => (run as Record<string, unknown>)[field])
    if (values.some((value) => typeof value === 'object' && value !== null)) {
      return [field, mediansOf(values.filter(isObject), median)]
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
