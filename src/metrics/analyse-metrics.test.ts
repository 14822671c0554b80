/** The page of `analyse` counts what it has published, and takes names from the topic only within bounds. */
import { describe, expect, it } from 'vitest'
import { parseMetrics, seriesValue, valuesBy } from '../testing/prometheus-text.js'
import type { ExchangeDepth, MarketAnalytics } from '../wire/exchange-records.js'
import { AnalyseMetrics } from './analyse-metrics.js'

const AT = 1_700_000_040_000

const depth = (exchange: string, reason: ExchangeDepth['reason'] = null) => {
  return { exchange, usable: reason === null, reason } as ExchangeDepth
}

const best = (market: string, buy: string | null, sell: string | null) => {
  return { market, buy_exchange: buy, sell_exchange: sell } as MarketAnalytics
}

function newMetrics(backlog: { records: number; waitingMs: number } | undefined = undefined) {
  return new AnalyseMetrics({ command: 'analyse', version: '9.9.9', backlog: () => backlog })
}

const pageOf = async (metrics: AnalyseMetrics) => parseMetrics(await metrics.page())

describe('the page of analyse', () => {
  it('counts rounds, unusable books by reason and dead letters, and says what waits', async () => {
    const metrics = newMetrics({ records: 5, waitingMs: 1_500 })
    const analytics = [best('BTC-USD', 'kraken', null)]
    metrics.analysed(
      { pollAt: AT, depth: [depth('coinbase', 'stale'), depth('kraken')], analytics },
      250,
    )
    metrics.rejected(3)
    const page = await pageOf(metrics)
    expect(seriesValue(page, 'depthline_analyse_rounds_total')).toBe(1)
    expect(seriesValue(page, 'depthline_analyse_round_duration_seconds_sum')).toBe(0.25)
    const stale = { exchange: 'coinbase', reason: 'stale' }
    expect(seriesValue(page, 'depthline_analyse_unusable_books_total', stale)).toBe(1)
    expect(seriesValue(page, 'depthline_dead_letters_total')).toBe(3)
    expect(seriesValue(page, 'depthline_analyse_lag_records')).toBe(5)
    expect(seriesValue(page, 'depthline_analyse_waiting_seconds')).toBe(1.5)
    expect(seriesValue(page, 'depthline_analyse_last_round_timestamp_seconds')).toBe(AT / 1000)
  })

  it('shows the best exchange of the last round alone', async () => {
    const metrics = newMetrics()
    const round = { pollAt: AT, depth: [] }
    metrics.analysed({ ...round, analytics: [best('BTC-USD', 'kraken', 'kraken')] }, 1)
    metrics.analysed({ ...round, analytics: [best('BTC-USD', 'coinbase', null)] }, 1)
    const page = await pageOf(metrics)
    expect(page.get('depthline_best_exchange')?.samples).toEqual([
      {
        name: 'depthline_best_exchange',
        labels: { market: 'BTC-USD', side: 'buy', exchange: 'coinbase' },
        value: 1,
      },
    ])
    expect(seriesValue(page, 'depthline_analyse_lag_records')).toBeUndefined()
  })

  it('gives names from the topic no more than a bounded number of series', async () => {
    const metrics = newMetrics()
    for (let number = 0; number < 1_000; number++) {
      const books = [depth(`exchange ${number}`, 'empty'), depth('x'.repeat(5_000), 'empty')]
      const analytics = [best(`market ${number}`, `exchange ${number}`, null)]
      metrics.analysed({ pollAt: AT, depth: books, analytics }, 1)
    }
    const page = await pageOf(metrics)
    const unusable = valuesBy(page, 'depthline_analyse_unusable_books_total', 'exchange')
    expect(Object.keys(unusable)).toHaveLength(33)
    expect(unusable.other).toBe(1_968)
    expect(page.get('depthline_best_exchange')?.samples).toHaveLength(1)
  })
})
