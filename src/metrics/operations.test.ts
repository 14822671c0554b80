/** Alerts, dashboard and docs/OPERATIONS.md speak of metrics that exist, and of no others. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  describeMetrics,
  type MetricDescription,
  operationsWithTable,
} from '../../scripts/metrics-table.js'

const metrics = await describeMetrics()

/** What Prometheus adds to every series, and its own series. */
const ADDED = ['instance', 'job', 'le']
const OF_PROMETHEUS = ['up']
/** Words of its language that may follow or precede a name. */
const WORDS = /^(by|on|and|or|unless|ignoring|without|group_left|bool|offset)$/

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

interface Rule {
  readonly alert: string
  readonly expr: string
}

/** The file keeps to one form, so that no reader of YAML is needed. */
function rulesOf(yaml: string): Rule[] {
  const rules = yaml.matchAll(/- alert: (\w+)\n +expr: >-\n((?: {10}.*\n)+)/g)
  return [...rules].map(([, alert, expr]) => ({ alert: alert!, expr: expr! }))
}

const rules = rulesOf(read('docker/prometheus/alerts.yaml'))

interface Panel {
  readonly title: string
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[]
}

const panels: readonly Panel[] = JSON.parse(read('docker/grafana/depthline.json')).panels
const targets = panels.flatMap(({ title, targets: all = [] }) =>
  all.map(({ expr, legendFormat }, index) => ({ at: `${title} ${index}`, expr, legendFormat })),
)

/** What is wrong with an expression: names of series and of labels that nothing has. */
function faultsOf(expr: string): string[] {
  const faults: string[] = []
  const seen = new Set<string>()
  const bare = expr
    .replace(/\{([^}]*)\}/g, (_, matchers) => `{${matchers.replace(/"[^"]*"/g, '')}}`)
    .replace(/\[[^\]]*\]/g, '')
  for (const [, name, after = ''] of bare.matchAll(/\b([a-z_]+)\b\s*(\{[^}]*\}|\()?/g)) {
    const isSeries = !after.startsWith('(') && !WORDS.test(name!) && name!.includes('_')
    if (!isSeries && !OF_PROMETHEUS.includes(name!)) continue
    const labels = labelsOf(name!)
    if (labels === undefined) faults.push(`no series ${name}`)
    for (const label of labels ?? []) seen.add(label)
    for (const [label] of after.matchAll(/[a-z_]+(?==|!)/g)) {
      if (labels !== undefined && !labels.includes(label)) faults.push(`${name} has no ${label}`)
    }
  }
  for (const [, list] of bare.matchAll(/\b(?:by|on|ignoring|without) \(([^)]*)\)/g)) {
    const labels = list!.split(',').map((label) => label.trim())
    const missing = labels.filter((label) => label !== '' && !seen.has(label))
    faults.push(...missing.map((label) => `nothing there has ${label}`))
  }
  return faults
}

/** Undefined where there is no such series; a histogram's are those that end in `_bucket` and the like. */
function labelsOf(series: string): readonly string[] | undefined {
  if (OF_PROMETHEUS.includes(series)) return ADDED
  const base = series.replace(/_(bucket|sum|count)$/, '')
  const found = metrics.find(({ name, type }) => {
    return name === series ? type !== 'histogram' : name === base && type === 'histogram'
  })
  return found && [...found.labelNames, ...ADDED]
}

describe('the check of an expression', () => {
  it.each([
    ['rate(depthline_tick_total[5m])', 'no series depthline_tick_total'],
    ['depthline_tick_lateness_seconds > 1', 'no series depthline_tick_lateness_seconds'],
    ['depthline_open_orders{side="bids"}', 'depthline_open_orders has no side'],
    ['sum by (symbol) (depthline_levels)', 'nothing there has symbol'],
  ])('finds fault with %s', (expr, fault) => {
    expect(faultsOf(expr)).toEqual([fault])
  })
})

describe('the alert rules', () => {
  it('are all read', () => {
    expect(rules.length).toBe(read('docker/prometheus/alerts.yaml').match(/- alert:/g)?.length)
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length)
  })

  it.each(rules)('name only what exists: $alert', ({ expr }) => {
    expect(faultsOf(expr)).toEqual([])
  })

  it.each(rules)('are explained in docs/OPERATIONS.md: $alert', ({ alert }) => {
    expect(read('docs/OPERATIONS.md')).toContain(alert)
  })
})

describe('the dashboard', () => {
  it.each(targets)('names only what exists: $at', ({ expr, legendFormat }) => {
    const names = expr.replaceAll('$__rate_interval', '5m')
    expect(faultsOf(names)).toEqual([])
    const inLegend = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!)
    const known = new Set(metrics.flatMap(({ labelNames }) => [...labelNames, ...ADDED]))
    expect(inLegend.filter((label) => !known.has(label))).toEqual([])
  })

  it('shows every metric of ours but settings', () => {
    const all = targets.map(({ expr }) => expr).join('\n')
    const missing = ownMetrics().filter(({ name }) => !all.includes(name))
    expect(missing.map(({ name }) => name)).toEqual([
      'depthline_snapshot_interval_seconds',
      'depthline_poll_period_seconds',
    ])
  })
})

describe('the metrics', () => {
  it('are in the table of docs/OPERATIONS.md as they are: make docs', async () => {
    expect(await operationsWithTable()).toBe(read('docs/OPERATIONS.md'))
    for (const { name } of ownMetrics()) expect(read('docs/OPERATIONS.md')).toContain(name)
  })

  it('are named as Prometheus asks: prefix, unit last, _total on counters alone', () => {
    for (const { name, type, help } of ownMetrics()) {
      expect(name).toMatch(/^depthline_[a-z_]+[a-z]$/)
      expect(name.endsWith('_total')).toBe(type === 'counter')
      if (type === 'histogram') expect(name).toMatch(/_seconds$/)
      expect(name).not.toMatch(/_(ms|millis|minutes)(_|$)/)
      expect(help).toMatch(/^[A-Z0-9].{15,140}\.$/)
    }
  })
})

function ownMetrics(): MetricDescription[] {
  return metrics.filter(({ name }) => name.startsWith('depthline_'))
}
