/** The metrics of `analyse`, made of the rounds that it has published. */
import { Counter, Gauge, Histogram } from 'prom-client'
import type { EpochMs, ExchangeDepth, MarketAnalytics } from '../wire/exchange-records.js'
import { type JobIdentity, JobRegistry } from './job-registry.js'
import { KnownNames } from './known-names.js'

const BUCKETS = [0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10, 30]

interface Round {
  readonly pollAt: EpochMs
  readonly depth: readonly ExchangeDepth[]
  readonly analytics: readonly MarketAnalytics[]
}

export interface AnalyseMetricsOptions extends JobIdentity {
  /** Records that are still to be read, and for how long there have been any; undefined where that is not known. */
  backlog(): { readonly records: number; readonly waitingMs: number } | undefined
}

export class AnalyseMetrics extends JobRegistry {
  readonly #metrics: ReturnType<typeof metricsOf>
  #lastRound: EpochMs = 0
  // They are what records of the topic say, which anybody may have written.
  readonly #exchanges = new KnownNames()
  readonly #markets = new KnownNames()

  constructor(options: AnalyseMetricsOptions) {
    super(options)
    this.#metrics = metricsOf(this)
    this.gauge({
      name: 'depthline_analyse_last_round_timestamp_seconds',
      help: 'The last round that this process published; 0 where there is none yet.',
      read: () => this.#lastRound / 1000,
    })
    this.gauge({
      name: 'depthline_analyse_lag_records',
      help: 'Records of the raw books that are still to be read; none where Kafka does not say.',
      read: () => options.backlog()?.records,
    })
    this.gauge({
      name: 'depthline_analyse_waiting_seconds',
      help: 'For how long there have been records that are not worked through; none where Kafka does not say.',
      read: () => {
        const backlog = options.backlog()
        return backlog && backlog.waitingMs / 1000
      },
    })
  }

  analysed({ pollAt, depth, analytics }: Round, durationMs: number): void {
    const { rounds, durations, unusable } = this.#metrics
    rounds.inc()
    durations.observe(durationMs / 1000)
    this.#lastRound = pollAt
    for (const { exchange, usable, reason } of depth) {
      if (usable) continue
      unusable.inc({ exchange: this.#exchanges.labelOf(exchange), reason: reason ?? 'none' })
    }
    this.#showBest(analytics)
  }

  rejected(deadLetters: number): void {
    this.#metrics.deadLetters.inc(deadLetters)
  }

  page(): Promise<string> {
    return this.prometheus.metrics()
  }

  #showBest(analytics: readonly MarketAnalytics[]): void {
    const { best } = this.#metrics
    best.reset()
    for (const { market, buy_exchange: buy, sell_exchange: sell } of analytics) {
      for (const [side, exchange] of [['buy', buy] as const, ['sell', sell] as const]) {
        if (exchange === null) continue
        const labels = { market: this.#markets.labelOf(market), side }
        best.set({ ...labels, exchange: this.#exchanges.labelOf(exchange) }, 1)
      }
    }
  }
}

function metricsOf({ prometheus }: JobRegistry) {
  const registers = [prometheus]
  return {
    rounds: new Counter({
      name: 'depthline_analyse_rounds_total',
      help: 'Rounds that this process published.',
      registers,
    }),
    durations: new Histogram({
      name: 'depthline_analyse_round_duration_seconds',
      help: "From a round's last record until it was in the lake and published.",
      buckets: BUCKETS,
      registers,
    }),
    unusable: new Counter({
      name: 'depthline_analyse_unusable_books_total',
      help: 'Books that took no part in any price, by reason.',
      labelNames: ['exchange', 'reason'],
      registers,
    }),
    best: new Gauge({
      name: 'depthline_best_exchange',
      help: '1 for the exchange that was best in the last round for the smallest notional, by market and side.',
      labelNames: ['market', 'side', 'exchange'],
      registers,
    }),
    deadLetters: new Counter({
      name: 'depthline_dead_letters_total',
      help: 'Dead letters published by this process.',
      registers,
    }),
  }
}
