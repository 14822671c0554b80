/** What every job's page of metrics holds: the process, the build, the commits; and how a job adds its own. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** Seconds from a few milliseconds, where ticks should be, to the second that they must not pass. */
export const TICK_BUCKETS = [0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10]

export interface JobIdentity {
  /** Such as `run`. */
  readonly command: string
  readonly version: string
}

/** One value, or one for each set of labels; undefined where there is none to show. */
export type Values = number | undefined | readonly (readonly [Record<string, string>, number])[]

export interface PulledMetric {
  readonly name: string
  readonly help: string
  readonly labelNames?: readonly string[]
  /** Asked whenever somebody looks at the page. */
  read(): Values
}

/** The page of one process. */
export class JobRegistry {
  readonly prometheus = new Registry()
  readonly #commits: Histogram
  readonly #inDoubt: Counter

  constructor({ command, version }: JobIdentity) {
    const registers = [this.prometheus]
    collectDefaultMetrics({ register: this.prometheus })
    const node = process.versions.node
    this.gauge({
      name: 'depthline_build_info',
      help: 'Always 1; the labels say which command of which version runs on which Node.',
      labelNames: ['command', 'version', 'node'],
      read: () => [[{ command, version, node }, 1]],
    })
    this.#commits = new Histogram({
      name: 'depthline_commit_duration_seconds',
      help: 'Time that a transaction took which was committed at the first attempt.',
      buckets: TICK_BUCKETS,
      registers,
    })
    this.#inDoubt = new Counter({
      name: 'depthline_commits_in_doubt_total',
      help: 'Transactions that failed, so that the progress record had to say whether they were committed.',
      registers,
    })
  }

  committed(durationMs: number): void {
    this.#commits.observe(durationMs / 1000)
  }

  inDoubt(): void {
    this.#inDoubt.inc()
  }

  /** A counter that somebody else keeps. */
  counter({ name, help, labelNames = [], read }: PulledMetric): void {
    const hasLabels = labelNames.length > 0
    const collect = () => {
      show({ metric: counter, hasLabels }, read(), (labels, value) => counter.inc(labels, value))
    }
    const counter: Counter = new Counter({ ...this.#described(name, help, labelNames), collect })
  }

  gauge({ name, help, labelNames = [], read }: PulledMetric): void {
    const hasLabels = labelNames.length > 0
    const collect = () => {
      show({ metric: gauge, hasLabels }, read(), (labels, value) => gauge.set(labels, value))
    }
    const gauge: Gauge = new Gauge({ ...this.#described(name, help, labelNames), collect })
  }

  #described(name: string, help: string, labelNames: readonly string[]) {
    return { name, help, labelNames, registers: [this.prometheus] }
  }
}

function show(
  { metric, hasLabels }: { metric: Counter | Gauge; hasLabels: boolean },
  values: Values,
  put: (labels: Record<string, string>, value: number) => void,
): void {
  metric.reset()
  if (values === undefined) {
    // Without labels there is always a value, 0 where nobody takes it away.
    if (!hasLabels) metric.remove()
  } else if (typeof values === 'number') put({}, values)
  else for (const [labels, value] of values) put(labels, value)
}
