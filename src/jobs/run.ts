/** `run`: orders in, one message with all books out on every UTC second. */
import { DepthlineError } from '../errors.js'
import type { Progress } from '../wire/progress.js'
import type { Offsets, Tick } from '../wire/records.js'
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
  const progress = await ports.sink.takeOver()
  // Asked only now: until it was fenced, the process before went on reading what came in.
  assertSameLog(ports.source.topic, await ports.source.ends(), progress)
  const job = new RunJob(ports, options, progress)
  // Whichever ends first ends the job: the loop when told to stop, the source when it fails.
  try {
    await Promise.race([job.consume(), job.loop(signal), graceAfter(signal, ports.clock)])
  } finally {
    job.stop()
    await Promise.all([ports.source.stop(), ports.sink.close()])
  }
  return job.summary()
}

/** A topic that was made anew or cut short can never be caught up with, and its books would be others. */
function assertSameLog(topic: string, ends: Offsets, progress: Progress | undefined): void {
  if (progress === undefined || progress.offsets.length === 0) return
  const { offsets } = progress
  const short = offsets.findIndex((offset, partition) => offset > (ends[partition] ?? -1))
  if (short < 0 && offsets.length === ends.length) return
  const found =
    offsets.length === ends.length
      ? `${topic}[${short}] ends at offset ${ends[short]}, and the job has read up to ${offsets[short]}`
      : `${topic} has ${ends.length} partitions, and the job knows ${offsets.length}`
  throw new DepthlineError(
    'LOG_LOST',
    `${found}: this is not the log that was read before. Give the old one back, or start a new job (--job, --output)`,
  )
}

/** How long a commit in hand may go on after the job was told to stop. */
const GRACE_MS = 1_000

async function graceAfter(signal: AbortSignal, clock: Clock): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
  await clock.sleep(GRACE_MS)
}

class RunJob {
  readonly #ports: RunPorts
  readonly #options: RunOptions
  readonly #processor: OrderProcessor
  readonly #intake: OrderIntake
  readonly #schedule: TickSchedule
  #lastTick: number | undefined
  /** Rejections that the last tick, or a process before this one, has reported. */
  #reported: number
  /** The last tick came too late, so progress and dead letters have to go without one. */
  #wasTooLate = false
  #ticks = 0
  #missed = 0
  #warnedOfCrossings = false
  #wasBehind = false

  constructor(ports: RunPorts, options: RunOptions, progress: Progress | undefined) {
    const { topic, partitions } = ports.source
    this.#ports = ports
    this.#options = options
    this.#processor = new OrderProcessor(options)
    this.#intake = new OrderIntake(this.#processor, ports.clock, {
      topic,
      partitions,
      publishedBelow: progress?.offsets ?? [],
    })
    this.#schedule = new TickSchedule(ports.clock, progress?.tick)
    this.#lastTick = progress?.tick
    this.#reported = -(progress?.rejected ?? 0)
  }

  consume(): Promise<void> {
    return this.#ports.source.consume((batch) => this.#intake.apply(batch))
  }

  /** Publishes a tick each second and surplus dead letters between, one commit at a time. */
  async loop(signal: AbortSignal): Promise<void> {
    let wake = new AbortController()
    const wakeUp = () => wake.abort()
    signal.addEventListener('abort', wakeUp)
    this.#intake.onSurplus = wakeUp
    while (!signal.aborted) {
      wake = new AbortController()
      if (this.#intake.isFull || this.#wasTooLate) wakeUp()
      const due = await this.#schedule.next(wake.signal)
      this.#noteCatchingUp()
      if (due !== undefined && this.#intake.hasCaughtUp) await this.#publish(due)
      else if (wake.signal.aborted && !signal.aborted) await this.#commit(undefined)
      this.#warnOfCrossings()
    }
  }

  stop(): void {
    this.#intake.stop()
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
    const value = this.#processor.message()
    const headers: Record<string, string> = {
      tick: String(tick),
      offsets: JSON.stringify(Object.fromEntries(this.#intake.offsets.entries())),
      missed: String(missed),
      rejected: String(rejected - this.#reported),
      crossed: JSON.stringify(this.#processor.crossed),
      version: this.#options.version,
    }
    if (isHeld) headers.clock = 'held'
    if (!(await this.#commit({ tick, value, headers }))) return
    if (missed > 0) this.#ports.log.warn({ tick, missed }, 'seconds without a tick')
    this.#lastTick = tick
    this.#reported = rejected
    this.#ticks++
    this.#missed += missed
  }

  /** Publishes what there is up to this moment; false where nothing was published. */
  async #commit(tick: Tick | undefined): Promise<boolean> {
    const { clock, log, sink } = this.#ports
    const deadLetters = this.#intake.takeDeadLetters()
    // A tick of the past helps nobody, and the next second has its own.
    const isTooLate = () => tick !== undefined && clock.now() >= (tick.tick + 1) * 1000
    const isPublished = await sink
      .commit({
        ...(tick === undefined ? {} : { tick }),
        deadLetters,
        offsets: this.#intake.publishable,
        rejected: tick === undefined ? this.#intake.rejected - this.#reported : 0,
        isTooLate,
      })
      .catch((error) => {
        throw tooLarge(error, this.#processor)
      })
    this.#wasTooLate = !isPublished
    if (isPublished) {
      this.#intake.release(deadLetters)
    } else {
      log.warn({ tick: tick?.tick }, 'tick not published')
      this.#intake.putBack(deadLetters)
    }
    return isPublished
  }

  #noteCatchingUp(): void {
    if (this.#wasBehind === !this.#intake.hasCaughtUp) return
    this.#wasBehind = !this.#intake.hasCaughtUp
    const { records } = this.#processor.counts()
    const text = this.#wasBehind ? 'catching up; no ticks until then' : 'caught up'
    this.#ports.log.info({ records, openOrders: this.#processor.books.openOrders }, text)
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
