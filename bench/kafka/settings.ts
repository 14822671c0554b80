/** What the benchmarks on Kafka take from their command line; what follows `--` goes to `run`. */
import { parseArgs } from 'node:util'
import { installedFlags } from './engine.js'

export interface BenchSettings {
  /** The option as numbers, or what stands for it. */
  numbers(name: string, otherwise: readonly number[]): number[]
  number(name: string, otherwise: number): number
  /** Those of the installed command, where none are given. */
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
    nodeFlags: values['node-flags']?.split(/\s+/).filter(Boolean) ?? installedFlags(),
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
