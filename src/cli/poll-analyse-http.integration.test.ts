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
  assertPolled(polled, await recordsOf(books))
  assertAnalysed(analysed, await recordsOf(depth))
})

type Books = readonly { kind: string; exchange: string; error: string | null }[]

/** A page is that of a moment, and what was in the topic then is its first records. */
function assertPolled(page: Map<string, MetricFamily>, records: Books): void {
  const samplesOf = (metric: string) => page.get(`depthline_poll_${metric}_total`)!.samples
  const kinds = ['rounds', 'answers', 'failures', 'late', 'not_polled']
  const values = kinds.flatMap(samplesOf).map(({ value }) => value)
  const written = records.slice(
    0,
    values.reduce((sum, value) => sum + value, 0),
  )
  const inTopic = (kind: string, exchange?: string) =>
    written.filter((record) => record.kind === kind && (record.exchange ?? '') === (exchange ?? ''))
  for (const exchange of ['coinbase', 'kraken']) {
    const answers = inTopic('answer', exchange).length
    expect(seriesValue(page, 'depthline_poll_answers_total', { exchange })).toBe(answers)
    const failures = inTopic('failure', exchange)
    for (const { labels, value } of samplesOf('failures')) {
      if (labels.exchange !== exchange) continue
      expect(value).toBe(failures.filter(({ error }) => error === labels.error).length)
    }
    const duration = 'depthline_poll_request_duration_seconds_count'
    expect(seriesValue(page, duration, { exchange })).toBeGreaterThanOrEqual(answers)
  }
  const rounds = inTopic('round_complete').length
  expect(seriesValue(page, 'depthline_poll_rounds_total')).toBe(rounds)
  expect(valuesBy(page, 'depthline_poll_failed_rounds', 'exchange').kraken).toBe(rounds)
  expect(inTopic('failure', 'kraken').map(({ error }) => error)).toContain('redirect_refused')
}

interface Depth {
  readonly poll_at: number
  readonly exchange: string
  readonly reason: string | null
}

function assertAnalysed(page: Map<string, MetricFamily>, depth: readonly Depth[]): void {
  const rounds = seriesValue(page, 'depthline_analyse_rounds_total')!
  const times = [...new Set(depth.map(({ poll_at: pollAt }) => pollAt))].slice(0, rounds)
  const last = seriesValue(page, 'depthline_analyse_last_round_timestamp_seconds')
  expect(last).toBe(times.at(-1)! / 1000)
  expect(seriesValue(page, 'depthline_analyse_round_duration_seconds_count')).toBe(rounds)
  for (const { labels, value } of page.get('depthline_analyse_unusable_books_total')!.samples) {
    const { exchange, reason } = labels
    const same = depth.filter((book) => book.exchange === exchange && book.reason === reason)
    expect(value).toBe(same.filter(({ poll_at: pollAt }) => times.includes(pollAt)).length)
  }
  const unusable = valuesBy(page, 'depthline_analyse_unusable_books_total', 'exchange')
  expect(unusable.kraken).toBeGreaterThan(0)
  for (const { labels } of page.get('depthline_best_exchange')!.samples) {
    expect(labels.exchange).toBe('coinbase')
  }
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
