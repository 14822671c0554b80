/** The table of our own figures in README.md and docs/PERFORMANCE.md, row by row from what was measured. */
import {
  events,
  type Json,
  percent,
  plain,
  type Results,
  seconds,
  short,
  table,
  whole,
} from './figure-text.js'

type Row = readonly [what: string, figure: string, how: string]

/** Each by its file; a file that is missing leaves its rows out. */
const ROWS: readonly (readonly [file: string, rows: (result: Json) => Row[]])[] = [
  ['replay', replayRows],
  ['core', coreRows],
  ['ticks', ticksRows],
  ['kafka-drain', (result) => drainRows(result, 'on one thread')],
  ['kafka-drain-threads', (result) => drainRows(result, 'with `--fetch-threads 1`')],
  ['kafka-ticks', tickRows],
  ['tick-latency', tickLatencyRows],
  ['kafka-recovery', recoveryRows],
  ['kills', killRows],
  ['restart', restartRows],
  ['exchange-latency', exchangeLatencyRows],
  ['exchange-round', exchangeRoundRows],
  ['flood', floodRows],
]

export function ownTable(results: Results): string {
  return table(['what', 'figure', 'how'], measured(results))
}

/** The same without the method, for a slide. */
export function highlights(results: Results): string {
  const rows = measured(results).map(([what, figure]) => [what, figure] as const)
  return table(['what', 'figure'], rows)
}

function measured(results: Results): Row[] {
  return ROWS.flatMap(([file, rowsOf]) => {
    const result = results(file)
    return result === undefined ? [] : rowsOf(result)
  })
}

/** What all of it was measured on. */
export function machineLine(results: Results): string {
  const known = ROWS.map(([file]) => results(file)).find((result) => result !== undefined)
  if (known === undefined) return ''
  const { cores, cpu, memoryGb, node } = known.machine
  return `On ${cores} cores of an ${cpu} with ${memoryGb} GB, Node.js ${node}, the broker on the same machine; results with machine and method in [bench/results](bench/results).`
}

function replayRows(r: Json): Row[] {
  const start = `${r.processStartSeconds.toFixed(2)} s`
  const [one, four] = Object.values<number>(r.peakMb)
  const method = `\`make bench\`: ${whole(r.events)} events, 10 symbols, 100,000 open orders, median of 5 processes`
  return [
    [
      'read and apply, one thread',
      `${events(r.eventsPerSecondWithoutStart)}; ${events(r.eventsPerSecond)} with the start of the process (${start})`,
      method,
    ],
    [
      'the same with a tick after every 100 events',
      `${events(r.eventsPerSecondWithATickEvery100)}`,
      'the same run, 10,000 messages printed',
    ],
    [
      'memory',
      `${one} MB at 1 M events, ${four} MB at 4 M`,
      'peak of the process; as many orders open, four times as many closed',
    ],
  ]
}

function coreRows({ growth, applyWithManyToFew }: Json): Row[] {
  return [
    [
      `${whole(growth.openOrders)} open orders`,
      `${Math.round(growth.bytesPerOpenOrder)} bytes each beside their levels; an event is applied at ${percent(applyWithManyToFew)} of the speed with 100,000`,
      '`make bench`, closes at random',
    ],
  ]
}

function ticksRows({ core, live }: Json): Row[] {
  const many = core.find(({ symbols }: Json) => symbols === 2000)
  return [
    [
      'a tick of 2,000 symbols × 15 levels a side, all changed',
      `${Math.round(many.workMs)} ms of work, no step longer than ${many.longestStepMs} ms (median), ${(many.bytes / 1e6).toFixed(1)} MB; at a \`read_committed\` consumer ${whole(live.lateMs.p50)} ms after its second (p50), its 60,000 orders included`,
      '`npx tsx bench/ticks.ts`',
    ],
  ]
}

function drainRows(result: Json, way: string): Row[] {
  return result.drains.map((drain: Json) => drainRow(drain, way, runsOf(result)))
}

/** How often and how `run` was started for a result. */
function runsOf({ runs, nodeFlags }: Json): string {
  const flags = nodeFlags.length === 0 ? '' : `, \`node ${nodeFlags.join(' ')}\``
  return `${runs === 1 ? 'one run' : `median of ${runs} runs`}${flags}`
}

function drainRow(d: Json, way: string, runs: string): Row {
  const share =
    d.ofKafkaJs === null
      ? ''
      : `, ${percent(d.ofKafkaJs)} of what KafkaJS alone reads with the same flags`
  const running = d.steady === null ? '' : `; ${events(d.steady)} once running${share}`
  const { p50, maxDeviation } = d.intervalMs
  const ticks = p50 === null ? '' : `; ticks ${p50} ms apart (p50), at most ${maxDeviation} ms off`
  return [
    `drain ${short(d.events)} events from Kafka, ${d.partitions} partitions, ${way}`,
    `${events(d.eventsPerSecond)} from launch to the last committed tick${running}; ${plain(d.cpuSeconds)} CPU-s, peak ${d.peakMb} MB${ticks}`,
    `\`make bench-kafka\`, transactions and all levels included; ${runs}`,
  ]
}

function tickRows(result: Json): Row[] {
  return result.rates.map((rate: Json) => tickRow(rate, runsOf(result)))
}

function tickRow(t: Json, runs: string): Row {
  const { intervalMs: interval, orderToMessageMs: order, bareIntervalMs: bare } = t
  const cpu = `${plain(t.cpuSecondsAMinute)} CPU-s a minute, ${plain(t.idleCpuSecondsAMinute)} idle`
  return [
    `ticks at ${whole(t.rate)} events/s`,
    `interval ${interval.p50} ms (p50), ${interval.p99} ms (p99; ${bare.p99} ms with a bare KafkaJS transaction a second); order to first message with it ${order.p50} ms, ${order.p99} ms; ${cpu}; ready ${t.fromLaunchMs.toReady} ms after launch`,
    `\`make bench-kafka\`, at a \`read_committed\` consumer; ${runs}`,
  ]
}

function tickLatencyRows({ ticks, lateMs }: Json): Row[] {
  return [
    [
      'tick at a `read_committed` consumer',
      `${lateMs.p50} ms after its second (p50), ${lateMs.p99} ms (p99), ${lateMs.max} ms (the latest)`,
      `\`make bench\`: ${ticks} ticks at 100 events/s, transactions included`,
    ],
  ]
}

function recoveryRows({ kills, rate: events, toTickMs, lostTicks }: Json): Row[] {
  const missed = lostTicks === 0 ? 'no tick' : `${lostTicks} ticks`
  return [
    [
      `\`kill -9\` and the same command again, at ${whole(events)} events/s`,
      `next tick after ${seconds(toTickMs.median / 1000)} (median), ${seconds(toTickMs.max / 1000)} (worst of ${kills}); ${missed} lost`,
      '`make bench-kafka`',
    ],
  ]
}

function killRows({ figures, verdict }: Json): Row[] {
  return [
    [
      '`kill -9` to the next tick',
      `${(figures.medianMs / 1000).toFixed(2)} s (median), ${(figures.worstMs / 1000).toFixed(1)} s (worst of ${figures.trials}), 100,000 open orders; ${verdict.missed} seconds missed in ${figures.trials} kills`,
      '`make faults SECTIONS=kills`',
    ],
  ]
}

function restartRows({ firstTickAfterRestartSeconds, peakMb }: Json): Row[] {
  return [
    [
      'restart with ten million open orders',
      `first tick after ${firstTickAfterRestartSeconds} s, peak ${peakMb.fromSnapshot} MB`,
      '`make restart`',
    ],
  ]
}

function exchangeLatencyRows({ rounds, lateMs }: Json): Row[] {
  const [p50, p99] = [lateMs.p50, lateMs.p99].map((ms) => (ms / 1000).toFixed(2))
  return [
    [
      'exchange analytics after their round is complete',
      `${p50} s (p50), ${p99} s (p99 of ${rounds} rounds), lake included; bodies up to 2.1 MB, 40,000 levels a side`,
      '`make bench`',
    ],
  ]
}

function exchangeRoundRows(r: Json): Row[] {
  const { book } = r['5,000 levels a side in 1.1 MB']
  return [
    [
      "an exchange's book of 1.2 MB, 5,000 levels a side, from bytes to all figures",
      `${Math.round(book.p50)} ms (p50)`,
      '`make bench`',
    ],
  ]
}

function floodRows({ drainSeconds, ticks, missed, peakMb }: Json): Row[] {
  const none = missed === 0 ? 'none' : missed
  return [
    [
      'a topic of a million broken records',
      `drained in ${drainSeconds} s, each dead-lettered exactly once, ${ticks} ticks meanwhile, ${none} missed; peak ${peakMb} MB`,
      '`make flood`',
    ],
  ]
}
