/** Reads a page of metrics as strictly as Prometheus does, without prom-client. */

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface MetricFamily {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly samples: readonly Sample[]
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y
const NUMBER = /^(?:[+-]?Inf|Nan|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/i
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: [''],
  gauge: [''],
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
}

/** @throws Error with the first line that Prometheus would refuse, or that no page should hold */
export function parseMetrics(text: string): Map<string, MetricFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  const families = new Map<string, MetricFamily & { samples: Sample[] }>()
  const series = new Set<string>()
  let family: (MetricFamily & { samples: Sample[] }) | undefined
  let help: { name: string; text: string } | undefined
  for (const line of text.split('\n')) {
    if (line === '') continue
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (keyword === 'HELP') help = { name, text: rest }
    else if (keyword === 'TYPE') {
      if (help?.name !== name || families.has(name)) throw new Error(`out of place: ${line}`)
      family = { name, type: rest, help: help.text, samples: [] }
      families.set(name, family)
    } else {
      const sample = parseSample(line)
      const suffixes = SUFFIXES[family?.type ?? ''] ?? []
      const isOwn = suffixes.some((suffix) => sample.name === `${family!.name}${suffix}`)
      if (!isOwn) throw new Error(`under no TYPE of its own: ${line}`)
      const key = line.slice(0, line.lastIndexOf(' '))
      if (series.has(key)) throw new Error(`twice: ${line}`)
      series.add(key)
      family!.samples.push(sample)
    }
  }
  for (const one of families.values()) if (one.type === 'histogram') checkHistogram(one)
  return families
}

/** The value of one series; undefined where it is not there. */
export function seriesValue(
  families: ReadonlyMap<string, MetricFamily>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const base = families.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '')
  const found = families.get(base)?.samples.filter((sample) => {
    const isSame = Object.entries(labels).every(([label, value]) => sample.labels[label] === value)
    return sample.name === name && isSame
  })
  if (found === undefined || found.length === 0) return undefined
  if (found.length > 1) throw new Error(`${found.length} series of ${name}`)
  return found[0]!.value
}

/** The values of a family by one of its labels. */
export function valuesBy(
  families: ReadonlyMap<string, MetricFamily>,
  name: string,
  label: string,
): Record<string, number> {
  const samples = families.get(name)?.samples ?? []
  return Object.fromEntries(samples.map(({ labels, value }) => [labels[label]!, value]))
}

function parseSample(line: string): Sample {
  const [, name = '', labelText = '', value = ''] = LINE.exec(line) ?? []
  if (name === '' || !NUMBER.test(value)) throw new Error(`no sample: ${line}`)
  const labels: Record<string, string> = {}
  LABEL.lastIndex = 0
  while (LABEL.lastIndex < labelText.length) {
    const [, label, text] = LABEL.exec(labelText) ?? []
    if (label === undefined || label in labels) throw new Error(`bad labels: ${line}`)
    labels[label] = text!.replace(/\\(.)/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped))
  }
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) }
}

/** Buckets never fall, and the last one holds all. */
function checkHistogram({ name, samples }: MetricFamily): void {
  const counts = new Map<string, number>()
  for (const sample of samples) {
    const { le, ...labels } = sample.labels
    const key = JSON.stringify(labels)
    const before = counts.get(key) ?? 0
    if (sample.name === `${name}_bucket`) {
      if (sample.value < before) throw new Error(`${name} falls at ${le}`)
      counts.set(key, sample.value)
    }
    if (sample.name === `${name}_count` && sample.value !== before) {
      throw new Error(`${name} counts ${sample.value}, and its last bucket holds ${before}`)
    }
  }
}
