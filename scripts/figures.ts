/** Writes the figures and tables of the documents, and the plots, from bench/results and the brief's rows: `make figures`. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { briefTable } from './brief-table.js'
import { highlights, machineLine, ownTable } from './figure-tables.js'
import type { Json, Results } from './figure-text.js'
import { peerTable } from './peer-table.js'
import { drawPlot, type Plot, type Series } from './plot.js'
import { analyticsTable, runLine } from './sample-tables.js'

const ROOT = new URL('../', import.meta.url)
/** Faults are judged elsewhere, but the README says how soon a killed job ticks. */
const FOLDERS = ['bench/results/', 'docs/faults/']
const DOCUMENTS = ['README.md', 'docs/PERFORMANCE.md', 'docs/BRIEF.md', 'docs/PRESENTATION.md']
/** `<!-- figures: own -->` and what follows, up to the end marker. */
const MARKED = /(<!-- figures: (\w+) -->)[\s\S]*?(<!-- \/figures -->)/g

interface Growth {
  /** Of the picture, docs/images/perf-NAME.svg. */
  readonly name: string
  readonly title: string
  readonly file: string
  /** The list of measurements in it, and the field of each that grew. */
  readonly list: string
  readonly by: string
  readonly yLabel: string
  /** What is drawn: the fields that are there of these. */
  readonly fields: Readonly<Record<string, string>>
}

const APPLY = { nsPerEvent: 'one event' }
const DRAIN = { steady: 'run', kafkaJsWithFlags: 'KafkaJS alone, same flags' }
const TICK = { workMs: 'all of it', longestStepMs: 'its longest step' }
const PER_SECOND = 'events/s'
const NS_AN_EVENT = 'ns an event'

/** Files and fields that are missing leave their plots out: not everything is measured everywhere. */
const GROWTHS: readonly Growth[] = [
  {
    name: 'events',
    title: 'Draining a backlog',
    file: 'kafka-drain',
    list: 'drains',
    by: 'events',
    yLabel: PER_SECOND,
    fields: DRAIN,
  },
  {
    name: 'partitions',
    title: 'Draining a million events',
    file: 'kafka-partitions',
    list: 'drains',
    by: 'partitions',
    yLabel: PER_SECOND,
    fields: DRAIN,
  },
  {
    name: 'open-orders',
    title: 'Applying an event, by open orders',
    file: 'core',
    list: 'byOpenOrders',
    by: 'openOrders',
    yLabel: NS_AN_EVENT,
    fields: APPLY,
  },
  {
    name: 'symbols',
    title: 'Applying an event, by symbols of 10 levels a side',
    file: 'core',
    list: 'bySymbols',
    by: 'symbols',
    yLabel: NS_AN_EVENT,
    fields: APPLY,
  },
  {
    name: 'levels',
    title: 'Applying an event, by levels a side of one symbol',
    file: 'core',
    list: 'byLevels',
    by: 'levels',
    yLabel: NS_AN_EVENT,
    fields: APPLY,
  },
  {
    name: 'tick',
    title: 'A tick in which every level changed',
    file: 'ticks',
    list: 'core',
    by: 'symbols',
    yLabel: 'ms',
    fields: TICK,
  },
]

/** A document with its marked parts as the results have them. */
export function withFigures(document: string, results: Results): string {
  const parts: Record<string, string> = {
    own: [ownTable(results), machineLine(results)].join('\n\n'),
    highlights: highlights(results),
    analytics: analyticsTable(),
    samples: runLine(),
    peers: peerTable(results),
    brief: briefTable((row) => row.totalDiffers || /_[12]$/.test(row.side)),
    briefAll: briefTable(() => true),
    plots: plots(results)
      .map(({ name, plot }) => `![${plot.title}](images/perf-${name}.svg)`)
      .join('\n'),
  }
  return document.replace(MARKED, (_, begin, name, end) => {
    const part = parts[name]
    if (part === undefined) throw new Error(`there are no figures called ${name}`)
    return part === '' ? `${begin}\n${end}` : `${begin}\n${part}\n${end}`
  })
}

/** Every plot that there are measurements for. */
export function plots(results: Results): { name: string; plot: Plot }[] {
  return GROWTHS.flatMap((wanted) => {
    const series = seriesOf(results(wanted.file), wanted)
    // openOrders is the field, and open orders what a person reads.
    const xLabel = wanted.by.replace(/[A-Z]/, (letter) => ` ${letter.toLowerCase()}`)
    return series.length === 0 ? [] : [{ name: wanted.name, plot: { ...wanted, xLabel, series } }]
  })
}

/** What was measured here; `undefined` for a name that was not. */
export const committedResults: Results = (name) => {
  const file = FOLDERS.map((folder) => new URL(`${folder}${name}.json`, ROOT)).find(existsSync)
  return file === undefined ? undefined : JSON.parse(readFileSync(file, 'utf8'))
}

/** Every file that `make figures` writes, by its path. */
export function allFiles(results: Results): Map<string, string> {
  const documents = DOCUMENTS.map((path): [string, string] => {
    const document = withFigures(readFileSync(new URL(path, ROOT), 'utf8'), results)
    return [
      path,
      path.startsWith('docs/') ? document.replace(/\]\((?=bench\/|output\/)/g, '](../') : document,
    ]
  })
  const pictures = plots(results).map(({ name, plot }): [string, string] => {
    return [`docs/images/perf-${name}.svg`, drawPlot(plot)]
  })
  return new Map([...documents, ...pictures])
}

/** One measurement alone shows no growth. */
function seriesOf(result: Json | undefined, { list, by, fields }: Growth): Series[] {
  const items: Json[] = result?.[list] ?? []
  return Object.entries(fields).flatMap(([field, name]) => {
    const measured = items.filter((item: Json) => typeof item[field] === 'number')
    const points = measured
      .map((item: Json): [number, number] => [item[by], item[field]])
      .sort(([one], [other]) => one - other)
    return points.length < 2 ? [] : [{ name, points }]
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(new URL('docs/images/', ROOT), { recursive: true })
  for (const [path, content] of allFiles(committedResults)) {
    writeFileSync(new URL(path, ROOT), content)
  }
}
