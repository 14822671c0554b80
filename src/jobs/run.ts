/** `run`: orders in, one message with all books out on every UTC second. */
import { DepthlineError } from '../errors.js'
import type { LastTick, Tick } from '../wire/records.js'
import { OrderIntake } from './order-intake.js'
import { OrderProcessor, type OrderProcessorOptions, type RecordCounts } from './order-processor.js'
import type { Clock, Log, OrderSource, TickSink } from './ports.js'
import { type DueTick, TickSchedule } from './tick-schedule.js'

export interface RunOptions extends OrderProcessorOptions {
  /** Of depthline, for the header. */
  readonly version: string
}

export interface RunPorts {
  readonly source: OrderSource
  readonly sink: TickSink
  readonly clock: Clock
  readonly log: Log
}

export interface RunSummary extends RecordCounts {
  /** Published. */
  ticks: number
  /** Seconds between two published ticks that got none. */
  missed: number
  openOrders: number
}

/**
 * Runs until `signal` aborts, then finishes the tick in hand and leaves.
 *
 * @throws DepthlineError where it can never go on: see docs/OPERATIONS.md
 */
export async function run(
  ports: RunPorts,
  options: RunOptions,
  signal: AbortSignal,
): Promise<RunSummary> {
  const last = await ports.sink.recover()
  const job = new RunJob(ports, options, last)
  // Whichever ends first ends the job: the loop when told to stop, the source when it fails.
  try {
    await Promise.race([job.consume(), job.loop(signal)])
  } finally {
    await Promise.all([ports.source.stop(), ports.sink.close()])
  }
  return job.summary()
}

class RunJob {
  readonly #ports: RunPorts
  readonly #options: RunOptions
  readonly #processor: OrderProcessor
  readonly #intake: OrderIntake
  readonly #schedule: TickSchedule
  #lastTick: number | undefined
  #rejectedAtLastTick = 0
  #ticks = 0
  #missed = 0
  #warnedOfCrossings = false

  constructor(ports: RunPorts, options: RunOptions, last: LastTick | undefined) {
    const { topic, partitions } = ports.source
    this.#ports = ports
    this.#options = options
    this.#processor = new OrderProcessor(options)
    this.#intake = new OrderIntake(this.#processor, ports.clock, {
      topic,
      partitions,
      publishedBelow: last?.offsets ?? [],
    })
    this.#schedule = new TickSchedule(ports.clock, last?.tick)
    this.#lastTick = last?.tick
  }

  consume(): Promise<void> {
    return this.#ports.source.consume((batch) => this.#intake.apply(batch))
  }

  /** Publishes a tick each second and surplus dead letters between, one commit at a time. */
  async loop(signal: AbortSignal): Promise<void> {
    let held: DueTick | undefined
    while (!signal.aborted) {
      const wake = new AbortController()
      this.#intake.onSurplus = () => wake.abort()
      if (this.#intake.isFull) wake.abort()
      held = await this.#schedule.next(AbortSignal.any([signal, wake.signal]))
      if (held !== undefined && this.#intake.hasCaughtUp) await this.#publish(held)
      else if (wake.signal.aborted) await this.#commit(undefined)
      this.#warnOfCrossings()
    }
  }

  summary(): RunSummary {
    return {
      ticks: this.#ticks,
      missed: this.#missed,
      openOrders: this.#processor.books.openOrders,
      ...this.#processor.counts(),
    }
  }

  async #publish({ tick, isHeld }: DueTick): Promise<void> {
    const missed = this.#lastTick === undefined ? 0 : tick - this.#lastTick - 1
    const { rejected } = this.#intake
    const message = this.#processor.message()
    const headers: Record<string, string> = {
      tick: String(tick),
      offsets: JSON.stringify(Object.fromEntries(this.#intake.offsets.entries())),
      missed: String(missed),
      rejected: String(rejected - this.#rejectedAtLastTick),
      crossed: JSON.stringify(this.#processor.crossed),
      version: this.#options.version,
    }
    if (isHeld) headers.clock = 'held'
    if (!(await this.#commit({ tick, value: message, headers }))) return
    if (missed > 0) this.#ports.log.warn({ tick, missed }, 'seconds without a tick')
    this.#lastTick = tick
    this.#rejectedAtLastTick = rejected
    this.#ticks++
    this.#missed += missed
  }

  /** True where it is published; a commit that may succeed later is logged and left for the next. */
  async #commit(tick: Tick | undefined): Promise<boolean> {
    const deadLetters = this.#intake.takeDeadLetters()
    try {
      await this.#ports.sink.commit(tick === undefined ? { deadLetters } : { tick, deadLetters })
    } catch (error) {
      this.#intake.putBack(deadLetters)
      if (!(error instanceof DepthlineError && error.retriable)) {
        throw tooLarge(error, this.#processor)
      }
      this.#ports.log.warn({ tick: tick?.tick, reason: error.message }, 'tick not published')
      return false
    }
    this.#intake.release(deadLetters)
    return true
  }

  #warnOfCrossings(): void {
    if (this.#warnedOfCrossings || this.#processor.books.partitionCrossings === 0) return
    this.#warnedOfCrossings = true
    this.#ports.log.warn(
      { topic: this.#ports.source.topic },
      'records of one order_id lie in several partitions: key the topic by order_id for exact counts',
    )
  }
}

/** Says what made the tick too large, which only the job knows. */
function tooLarge(error: unknown, processor: OrderProcessor): unknown {
  if (!(error instanceof DepthlineError && error.code === 'TICK_TOO_LARGE')) return error
  return new DepthlineError(
    'TICK_TOO_LARGE',
    `${error.message}: ${processor.describeSize()}; lower --levels or raise the topic's limit`,
    { cause: error },
  )
}
