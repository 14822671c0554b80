/** `poll --http` and `analyse --http`: their pages say what is in their topics. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { killLeftovers, type RunningCli, startCli } from '../testing/cli.js'
import {
  type SimulatedExchanges,
  startSimulatedExchanges,
} from '../testing/exchanges/simulated-exchanges.js'
import { HTTP, metricsOf, readinessOf, until } from '../testing/job-pages.js'
import { type MetricFamily, seriesValue, valuesBy } from '../testing/prometheus-text.js'
import { readAll, uniqueName } from '../testing/topics.js'

const LIMIT_MS = 90_000
const folder = mkdtempSync(join(tmpdir(), 'depthline-http-'))

let exchanges: SimulatedExchanges
beforeAll(async () => {
  exchanges = await startSimulatedExchanges({ levels: 500 })
})
afterEach(killLeftovers)
afterAll(async () => {
  await exchanges?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const isReady = ({ status }: { status: number }) => status === 200
const total = (counts: Record<string, number>) => {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

function start(command: string, flags: readonly string[]): RunningCli {
  const env = { ...exchanges.environment(), DEPTHLINE_DATA: folder }
  return startCli([command, ...HTTP, ...flags], { env })
}

async function recordsOf(topic: string) {
  return (await readAll(topic)).map(({ value }) => JSON.parse(String(value)))
}

it('shows what poll wrote and analyse made of it', { timeout: LIMIT_MS }, async () => {
  const name = uniqueName('http')
  const [books, depth, analytics] = [`${name}.books`, `${name}.depth`, `${name}.analytics`]
  await exchanges.setFault('kraken', { kind: 'redirect_elsewhere' })
  const poll = start('poll', ['--every', '2', '--output', books])
  await until(() => readinessOf(poll), isReady)
  const outputs = ['--depth', depth, '--analytics', analytics, '--dead-letters', `${name}.dead`]
  const analyse = start('analyse', ['--input', books, ...outputs])
  await until(() => readinessOf(analyse), isReady)
  const rounds = (page: Map<string, MetricFamily>) =>
    seriesValue(page, 'depthline_analyse_rounds_total')!
  const analysed = await until(
    () => metricsOf(analyse),
    (page) => rounds(page) >= 3,
  )
  const polled = await metricsOf(poll)
  await poll.stop()
  await analyse.stop()
  await assertPolled(polled, await recordsOf(books))
  await assertAnalysed(analysed, await recordsOf(depth))
})

/** A page is that of a moment, and what was in the topic then is its first records. */
async function assertPolled(page: Map<string, MetricFamily>, records: { kind: string }[]) {
  const counts = (metric: string) => valuesBy(page, `depthline_poll_${metric}`, 'exchange')
  const failed = { exchange: 'kraken', error: 'redirect_refused' }
  const failures = seriesValue(page, 'depthline_poll_failures_total', failed)!
  const rounds = seriesValue(page, 'depthline_poll_rounds_total')!
  const answers = counts('answers_total')
  const written = records.slice(0, rounds + failures + total(answers))
  const inTopic = (kind: string) => written.filter((record) => record.kind === kind).length
  expect(answers).toEqual({ coinbase: inTopic('answer'), kraken: 0 })
  expect(failures).toBe(inTopic('failure'))
  expect(rounds).toBe(inTopic('round_complete'))
  expect(rounds).toBeGreaterThanOrEqual(3)
  expect(counts('failed_rounds')).toEqual({ coinbase: 0, kraken: rounds })
  expect(counts('body_bytes_total').coinbase).toBeGreaterThan(1_000 * rounds)
  const duration = 'depthline_poll_request_duration_seconds_count'
  expect(seriesValue(page, duration, { exchange: 'coinbase' })).toBe(inTopic('answer'))
}

async function assertAnalysed(page: Map<string, MetricFamily>, depth: { poll_at: number }[]) {
  const refused = { exchange: 'kraken', reason: 'redirect_refused' }
  const unusable = seriesValue(page, 'depthline_analyse_unusable_books_total', refused)
  const rounds = seriesValue(page, 'depthline_analyse_rounds_total')!
  expect(unusable).toBe(2 * rounds)
  const times = [...new Set(depth.map(({ poll_at: pollAt }) => pollAt))]
  const last = seriesValue(page, 'depthline_analyse_last_round_timestamp_seconds')
  expect(last).toBe(times[rounds - 1]! / 1000)
  expect(seriesValue(page, 'depthline_analyse_round_duration_seconds_count')).toBe(rounds)
  expect(page.get('depthline_best_exchange')?.samples.map(({ labels }) => labels)).toEqual(
    ['BTC-USD', 'ETH-USD'].flatMap((market) =>
      ['buy', 'sell'].map((side) => ({ market, side, exchange: 'coinbase' })),
    ),
  )
}

it('says of a poll without a round, and of an analyse without Kafka, why they are not ready', {
  timeout: LIMIT_MS,
}, async () => {
  const poll = start('poll', ['--every', '3600', '--output', uniqueName('http')])
  const why = async () => (await readinessOf(poll)).why
  await until(why, (said) => said === 'no round is complete yet')
  await poll.stop('SIGKILL')
  const env = { KAFKA_BROKERS: '127.0.0.1:1' }
  const analyse = startCli(['analyse', ...HTTP], { env })
  expect(await readinessOf(analyse)).toEqual({
    status: 503,
    why: 'still starting, or Kafka does not answer',
  })
  await analyse.stop('SIGKILL')
})
