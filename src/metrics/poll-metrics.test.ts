/** The page of `poll` counts what is in the topic, by exchange. */
import { describe, expect, it } from 'vitest'
import { answer, failure, notPolled } from '../testing/exchange-polls.js'
import { parseMetrics, seriesValue, valuesBy } from '../testing/prometheus-text.js'
import type { ExchangePoll } from '../wire/exchange-records.js'
import { PollMetrics } from './poll-metrics.js'

const BOOK = new TextEncoder().encode('{"a":1}')
const ok = (exchange: string) => answer(exchange, 'BTC-USD', BOOK)
const timeout = (exchange: string) =>
  failure(exchange, 'BTC-USD', { error: 'timeout', detail: 'no answer' })

const COMPLETE: ExchangePoll = {
  ...notPolled('', ''),
  kind: 'round_complete',
  exchange: null,
  market: null,
}

function newMetrics(): PollMetrics {
  const exchanges = ['coinbase', 'kraken']
  return new PollMetrics({ command: 'poll', version: '9.9.9', exchanges, periodMs: 60_000 })
}

const pageOf = async (metrics: PollMetrics) => parseMetrics(await metrics.page())

describe('the page of poll', () => {
  it('counts answers, failures, retries, bytes and times by exchange', async () => {
    const metrics = newMetrics()
    metrics.begun(() => ({ complete: 1_700_000_040_000, agoMs: 1, waiting: 2 }))
    metrics.written([ok('coinbase'), timeout('kraken'), notPolled('kraken', 'ETH-USD'), COMPLETE])
    metrics.written([{ ...ok('kraken'), kind: 'late' }])
    const page = await pageOf(metrics)
    expect(valuesBy(page, 'depthline_poll_answers_total', 'exchange')).toEqual({
      coinbase: 1,
      kraken: 0,
    })
    const failed = { exchange: 'kraken', error: 'timeout' }
    expect(seriesValue(page, 'depthline_poll_failures_total', failed)).toBe(1)
    expect(seriesValue(page, 'depthline_poll_retries_total', { exchange: 'kraken' })).toBe(2)
    expect(seriesValue(page, 'depthline_poll_body_bytes_total', { exchange: 'coinbase' })).toBe(7)
    expect(seriesValue(page, 'depthline_poll_late_total', { exchange: 'kraken' })).toBe(1)
    expect(seriesValue(page, 'depthline_poll_not_polled_total', { exchange: 'kraken' })).toBe(1)
    expect(seriesValue(page, 'depthline_poll_rounds_total')).toBe(1)
    expect(seriesValue(page, 'depthline_poll_waiting_rounds')).toBe(2)
    expect(seriesValue(page, 'depthline_poll_last_round_timestamp_seconds')).toBe(1_700_000_040)
    const duration = 'depthline_poll_request_duration_seconds_sum'
    expect(seriesValue(page, duration, { exchange: 'coinbase' })).toBeCloseTo(0.245)
  })

  it('counts rounds in a row that lack a book, up to the first that has them all', async () => {
    const metrics = newMetrics()
    const failedRounds = async () => {
      return valuesBy(await pageOf(metrics), 'depthline_poll_failed_rounds', 'exchange')
    }
    metrics.written([ok('coinbase'), timeout('kraken'), COMPLETE])
    metrics.written([ok('coinbase'), ok('kraken'), timeout('kraken'), COMPLETE])
    expect(await failedRounds()).toEqual({ coinbase: 0, kraken: 2 })
    metrics.written([timeout('coinbase'), ok('kraken'), COMPLETE])
    expect(await failedRounds()).toEqual({ coinbase: 1, kraken: 0 })
  })
})
