/** The metrics of `poll`, made of the records that it has written. */
import { Counter, Gauge, Histogram } from 'prom-client'
import type { EpochMs, ExchangePoll, PollError } from '../wire/exchange-records.js'
import { type JobIdentity, JobRegistry } from './job-registry.js'

/** Seconds, up to the 30 after which no answer counts, not even as a late one. */
const BUCKETS = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 3, 5, 7.5, 10, 20, 30]

const ERRORS: readonly PollError[] = [
  'timeout',
  'connection_failed',
  'http_status',
  'body_too_large',
  'cut_off',
  'redirect_refused',
]

interface Reading {
  readonly complete: EpochMs | null
  readonly agoMs: number
  readonly waiting: number
}

export interface PollMetricsOptions extends JobIdentity {
  /** Those of the command line; each is the value of a label. */
  readonly exchanges: readonly string[]
  readonly periodMs: number
}

export class PollMetrics extends JobRegistry {
  #read: () => Reading | undefined = () => undefined
  readonly #metrics: ReturnType<typeof metricsOf>
  /** Those that failed in the round that is being written. */
  #failing = new Set<string>()
  readonly #exchanges: readonly string[]

  constructor(options: PollMetricsOptions) {
    super(options)
    this.#exchanges = options.exchanges
    this.#metrics = metricsOf(this)
    this.#showZeros()
    this.gauge({
      name: 'depthline_poll_last_round_timestamp_seconds',
      help: 'The last complete round, whichever process wrote it; 0 where there is none.',
      read: () => (this.#read()?.complete ?? 0) / 1000,
    })
    this.gauge({
      name: 'depthline_poll_waiting_rounds',
      help: 'Rounds and late answers that wait for Kafka.',
      read: () => this.#read()?.waiting ?? 0,
    })
    this.gauge({
      name: 'depthline_poll_period_seconds',
      help: 'Time between two rounds (--every).',
      read: () => options.periodMs / 1000,
    })
  }

  begun(read: () => Reading): void {
    this.#read = read
  }

  written(records: readonly ExchangePoll[]): void {
    for (const record of records) {
      const { exchange } = record
      if (record.kind === 'round_complete') this.#completeRound()
      else if (exchange !== null) this.#count(record, exchange)
    }
  }

  /** Undefined before the job is taken over. */
  read(): Reading | undefined {
    return this.#read()
  }

  page(): Promise<string> {
    return this.prometheus.metrics()
  }

  #count({ kind, error, attempts, body, ...times }: ExchangePoll, exchange: string): void {
    const { answers, failures, late, notPolled, retries, bytes, durations } = this.#metrics
    if (kind === 'not_polled') notPolled.inc({ exchange })
    else if (kind === 'late') late.inc({ exchange })
    else {
      if (kind === 'answer') answers.inc({ exchange })
      else failures.inc({ exchange, error: error ?? 'connection_failed' })
      retries.inc({ exchange }, Math.max(0, attempts - 1))
      bytes.inc({ exchange }, body?.length ?? 0)
      const { requested_at: requestedAt, responded_at: respondedAt } = times
      if (requestedAt !== null && respondedAt !== null) {
        durations.observe({ exchange }, Math.max(0, respondedAt - requestedAt) / 1000)
      }
    }
    if (kind === 'failure' || kind === 'not_polled') this.#failing.add(exchange)
  }

  #completeRound(): void {
    const { rounds, failedRounds } = this.#metrics
    rounds.inc()
    for (const exchange of this.#exchanges) {
      if (this.#failing.has(exchange)) failedRounds.inc({ exchange })
      else failedRounds.set({ exchange }, 0)
    }
    this.#failing = new Set()
  }

  /** A series that is not there yet cannot be seen to grow. */
  #showZeros(): void {
    const { answers, failures, late, notPolled, retries, bytes, failedRounds } = this.#metrics
    for (const exchange of this.#exchanges) {
      for (const error of ERRORS) failures.inc({ exchange, error }, 0)
      for (const counter of [answers, late, notPolled, retries, bytes]) counter.inc({ exchange }, 0)
      failedRounds.set({ exchange }, 0)
    }
  }
}

function metricsOf({ prometheus }: JobRegistry) {
  const registers = [prometheus]
  const counter = (name: string, help: string, labelNames: string[]) => {
    return new Counter({ name, help, labelNames, registers })
  }
  const byExchange = (name: string, help: string) => counter(name, help, ['exchange'])
  return {
    rounds: counter('depthline_poll_rounds_total', 'Rounds that this process completed.', []),
    answers: byExchange('depthline_poll_answers_total', 'Books that came in time.'),
    failures: counter(
      'depthline_poll_failures_total',
      'Books that did not come in time, by what went wrong.',
      ['exchange', 'error'],
    ),
    late: byExchange('depthline_poll_late_total', 'Books that came after their failure.'),
    notPolled: byExchange(
      'depthline_poll_not_polled_total',
      'Books of the minutes in which nothing polled.',
    ),
    retries: byExchange('depthline_poll_retries_total', 'Requests after the first for a book.'),
    bytes: byExchange('depthline_poll_body_bytes_total', 'Bytes of the bodies that came in time.'),
    failedRounds: new Gauge({
      name: 'depthline_poll_failed_rounds',
      help: 'Rounds in a row, the last one included, that lack a book of the exchange.',
      labelNames: ['exchange'],
      registers,
    }),
    durations: new Histogram({
      name: 'depthline_poll_request_duration_seconds',
      help: 'From the last request for a book until its last byte came or it failed.',
      labelNames: ['exchange'],
      buckets: BUCKETS,
      registers,
    }),
  }
}
