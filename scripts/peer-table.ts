/** The table of depthline beside Flink, Spark and what KafkaJS alone does. */
import {
  type Json,
  mb,
  p50p99,
  plain,
  type Results,
  rate,
  seconds,
  table,
  whole,
} from './figure-text.js'

const ENGINE_TITLES: Record<string, string> = {
  flink: 'Flink',
  'flink-exactly-once': 'Flink, exactly once',
  spark: 'Spark',
  depthline: 'depthline',
  'depthline-workers': 'depthline, workers',
  prototype: 'prototype',
  'bare-kafkajs': 'KafkaJS alone',
}

type PeerRow = readonly [what: string, test: string, figure: (engine: Json) => string | undefined]

const PEER_ROWS: readonly PeerRow[] = [
  ['drain 1 M events, start-up counted', 'drain-1000000', (e) => rate(e.eventsPerSecond)],
  ['drain 5 M, start-up counted', 'drain-5000000', (e) => rate(e.eventsPerSecond)],
  ['drain 5 M, not counted', 'drain-5000000', (e) => rate(e.eventsPerSecondWithoutStart)],
  ['CPU-seconds, 1 M', 'drain-1000000', (e) => plain(e.cpuSeconds)],
  ['CPU-seconds, 5 M', 'drain-5000000', (e) => plain(e.cpuSeconds)],
  ['peak memory, 1 M', 'drain-1000000', (e) => mb(e.peakMb)],
  ['peak memory, 5 M', 'drain-5000000', (e) => mb(e.peakMb)],
  ['launch to first message', 'ticks-100', (e) => seconds(e.firstMessageSeconds)],
  ['tick interval p50 / p99, 100/s', 'ticks-100', (e) => p50p99(e.intervalMs)],
  ['tick interval p50 / p99, 10,000/s', 'ticks-10000', (e) => p50p99(e.intervalMs)],
  ['order to first message with it p50 / p99, 10,000/s', 'ticks-10000', latency],
  ['CPU-seconds in a live minute, 10,000/s', 'ticks-10000', (e) => plain(e.cpuSecondsAMinute)],
  ['`kill -9` to the next message', 'recover-1000', (e) => seconds(e.toNextMessageSeconds)],
  [
    '`kill -9` to a message that has caught up',
    'recover-1000',
    (e) => seconds(e.toCaughtUpSeconds),
  ],
  ['ticks lost in that', 'recover-1000', (e) => plain(e.lostTicks)],
  ['amounts that are not exact, 1 M', 'drain-1000000', notExact],
]

/** Empty where the others were not measured yet. */
export function peerTable(results: Results): string {
  const tests = results('peers')?.tests
  if (tests === undefined) return ''
  const measured = Object.values<Json>(tests).flatMap(({ engines }) => Object.keys(engines))
  const names = Object.keys(ENGINE_TITLES).filter((name) => measured.includes(name))
  const rows = PEER_ROWS.filter(([, test]) => tests[test] !== undefined).map(
    ([what, test, figure]) => {
      const cells = names.map((name) => {
        const engine = tests[test].engines[name]
        return engine === undefined || engine.runs === 0 ? '–' : (figure(engine) ?? '–')
      })
      const runs = Object.values<Json>(tests[test].engines).map((engine) => engine.runs)
      return [Math.max(...runs) === 1 ? `${what} (one run)` : what, ...cells]
    },
  )
  return table(['', ...names.map((name) => ENGINE_TITLES[name]!)], rows)
}

function latency({ orderToMessageMs }: Json): string | undefined {
  return p50p99(orderToMessageMs)
}

function notExact({ notExact: wrong, levels }: Json): string | undefined {
  return wrong === undefined ? undefined : `${whole(wrong.amounts)} of ${whole(levels)}`
}
