/** Writes the table of metrics in docs/OPERATIONS.md from what the jobs expose: `make docs`. */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Registry } from 'prom-client'
import { AnalyseMetrics } from '../src/metrics/analyse-metrics.js'
import { PollMetrics } from '../src/metrics/poll-metrics.js'
import { RunMetrics } from '../src/metrics/run-metrics.js'
import { EventLog } from '../src/web/event-log.js'
import { type MetricsSource, ServeMetrics } from '../src/web/metrics.js'
import { RoundFeed } from '../src/web/round-feed.js'
import { EventStream, STREAM_LIMITS } from '../src/web/stream.js'
import { TickFeed } from '../src/web/tick-feed.js'

const OPERATIONS = new URL('../docs/OPERATIONS.md', import.meta.url)
const TABLE = /(<!-- metrics: make docs -->\n)[\s\S]*?(\n<!-- \/metrics -->)/

export interface MetricDescription {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly labelNames: readonly string[]
  /** The commands that expose it. */
  readonly commands: readonly string[]
}

/** All that the jobs expose, those of Node and of the process too. */
export async function describeMetrics(): Promise<MetricDescription[]> {
  const about = (command: string) => ({ command, version: '0' })
  return described({
    run: new RunMetrics({ ...about('run'), name: '', snapshotSeconds: 1, lags: () => undefined }),
    poll: new PollMetrics({ ...about('poll'), exchanges: [], periodMs: 1 }),
    analyse: new AnalyseMetrics({ ...about('analyse'), backlog: () => undefined }),
  })
}

/** What `serve` exposes, which is no job and has no place on the dashboard. */
export async function describeServeMetrics(): Promise<MetricDescription[]> {
  const { now } = Date
  const events = new EventLog()
  const feeds = { events, ticks: new TickFeed(events), rounds: new RoundFeed(events, now), now }
  const stream = new EventStream(events, now, { ...STREAM_LIMITS, readers: 0 })
  return described({ serve: new ServeMetrics(feeds as unknown as MetricsSource, stream) })
}

async function described(
  exposing: Readonly<Record<string, { readonly prometheus: Registry }>>,
): Promise<MetricDescription[]> {
  const found = new Map<string, MetricDescription>()
  for (const [command, { prometheus }] of Object.entries(exposing)) {
    for (const { name, type, help } of await prometheus.getMetricsAsJSON()) {
      const commands = [...(found.get(name)?.commands ?? []), command]
      const labelNames = labelsOf(prometheus, name)
      found.set(name, { name, type: String(type), help, labelNames, commands })
    }
  }
  return [...found.values()]
}

export async function operationsWithTable(): Promise<string> {
  const table = await metricsTable()
  return readFileSync(OPERATIONS, 'utf8').replace(TABLE, (_, begin, end) => begin + table + end)
}

async function metricsTable(): Promise<string> {
  const all = [...(await describeMetrics()), ...(await describeServeMetrics())]
  const own = all.filter(({ name }) => name.startsWith('depthline_'))
  const rows = own.map(({ name, type, help, labelNames, commands }) => {
    const labels = labelNames.map((label) => `\`${label}\``).join(', ')
    return `| \`${name}\` | ${type} | ${labels} | ${commands.join(', ')} | ${help.replace(/\.?$/, '.')} |`
  })
  return ['| metric | type | labels | of | means |', '|---|---|---|---|---|', ...rows].join('\n')
}

/** prom-client's types leave them out. */
function labelsOf(registry: Registry, name: string): readonly string[] {
  const metric = registry.getSingleMetric(name) as unknown as { labelNames?: readonly string[] }
  return metric.labelNames ?? []
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(OPERATIONS, await operationsWithTable())
}
