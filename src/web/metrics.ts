/** What the server says of itself to Prometheus. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { EventLog } from './event-log.js'
import type { Now } from './ports.js'
import type { StatusSource } from './status.js'
import type { EventStream } from './stream.js'

const SECONDS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10]

export interface MetricsSource extends StatusSource {
  readonly events: EventLog
  readonly now: Now
}

export class ServeMetrics {
  readonly prometheus = new Registry()
  readonly #duration: Histogram
  readonly #refused: Counter

  constructor(source: MetricsSource, stream: EventStream) {
    const registers = [this.prometheus]
    collectDefaultMetrics({ register: this.prometheus })
    this.#duration = new Histogram({
      name: 'depthline_serve_request_seconds',
      help: 'Time to an answer, by route and status',
      labelNames: ['route', 'status'],
      buckets: SECONDS,
      registers,
    })
    this.#refused = new Counter({
      name: 'depthline_serve_refused_total',
      help: 'Requests that were refused before anything looked at what they ask for, by status',
      labelNames: ['status'],
      registers,
    })
    addFigures(source, stream, registers)
  }

  answered(route: string, status: number, seconds: number): void {
    this.#duration.observe({ route, status }, seconds)
  }

  refused(status: number): void {
    this.#refused.inc({ status })
  }

  text(): Promise<string> {
    return this.prometheus.metrics()
  }

  get contentType(): string {
    return this.prometheus.contentType
  }
}

/** What is read off the server's state when Prometheus asks. */
function addFigures(source: MetricsSource, stream: EventStream, registers: Registry[]): void {
  const { gauge, counter } = makers(registers)
  const { ticks, rounds, events, now } = source
  gauge('streams', 'Readers of the stream', () => stream.open)
  counter('streams_opened', 'Readers since the start', () => stream.counts.opened)
  counter('streams_dropped', 'Readers dropped because they did not keep up', () => {
    return stream.counts.dropped
  })
  counter('ticks_seen', 'Ticks read since the start', () => ticks.seen)
  counter('ticks_skipped', 'Messages that were no ticks', () => ticks.skipped.count)
  counter('rounds_skipped', 'Records of rounds that could not be read', () => rounds.skipped)
  gauge('events_kept_bytes', 'Memory of the events that readers can go on from', () => {
    return events.bytes
  })
  gauge('tick_age_seconds', 'Age of the newest tick; NaN before the first', () => {
    return ticks.newest === undefined ? Number.NaN : now() / 1000 - ticks.newest.tick
  })
}

function makers(registers: Registry[]) {
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name: `depthline_serve_${name}`,
      help,
      registers,
      collect() {
        this.set(value())
      },
    })
  const counter = (name: string, help: string, value: () => number) =>
    new Counter({
      name: `depthline_serve_${name}_total`,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(value())
      },
    })
  return { gauge, counter }
}
