/** `poll`: asks every exchange for every market on the minute, and writes what they said, as they said it. */
import type { EpochMs, ExchangePoll } from '../wire/exchange-records.js'
import type { RecordCodec } from '../wire/record-codec.js'
import type { PollProgress } from '../wire/round-progress.js'
import { AsyncQueue } from './async-queue.js'
import type { Exchanges, RecordOutput } from './exchange-ports.js'
import type { PollMonitor, PollReading } from './monitor.js'
import { type PollCounts, PollWriter, type PollWriterOptions } from './poll-writer.js'
import type { Clock, Log, TransactionLog } from './ports.js'
import { type Identity, type Position, Publisher } from './publisher.js'
import { RoundSchedule } from './round-schedule.js'
import { graceAfter } from './stopping.js'

/** So many rounds wait in memory for a Kafka that is away; the ones after are not polled. */
const WAITING_ROUNDS = 30
/** After it was told to stop, a round in hand may take so long. */
const GRACE_MS = 5_000

export interface PollPorts {
  readonly exchanges: Exchanges
  readonly transactions: TransactionLog<PollProgress, RecordOutput>
  readonly codec: RecordCodec<ExchangePoll>
  readonly clock: Clock
  readonly log: Log
  readonly monitor?: PollMonitor | undefined
}

export interface PollOptions extends Identity, PollWriterOptions {
  /** From the start of a round until each of its books has a record. */
  readonly deadlineMs: number
  /** One round, the one that the clock is in, and the end. */
  readonly once: boolean
}

/** Where a new job is. */
const START: Position<PollProgress> = { complete: null, open: null }

/** A round on its way, or an answer that came after its round. */
type Work =
  | { readonly pollAt: EpochMs; readonly asked: number; readonly answers: AsyncQueue<ExchangePoll> }
  | { readonly late: ExchangePoll }

/**
 * Runs until `signal` aborts, then finishes the round in hand and leaves.
 *
 * @returns what this process wrote
 * @throws DepthlineError FENCED, RECORD_TOO_LARGE, or that Kafka cannot be reached at the start
 */
export async function poll(
  ports: PollPorts,
  options: PollOptions,
  signal: AbortSignal,
): Promise<PollCounts> {
  const { clock } = ports
  const parts = { ...ports, start: START, nothing: { records: [], deadLetters: [] } }
  const publisher = new Publisher(parts, options)
  try {
    const position = await publisher.takeOver()
    const writer = new PollWriter({ ...ports, publisher, position }, options)
    const poller = new Poller(ports, writer, options)
    ports.monitor?.begun(() => poller.read())
    const rounds = options.once ? poller.askOnce() : poller.askAll(signal)
    const written = poller.writeAll()
    await Promise.race([Promise.all([rounds, written]), graceAfter(signal, clock, GRACE_MS)])
    return writer.counts
  } finally {
    await publisher.close()
  }
}

/** Two loops: one asks when a round is due, whatever Kafka does; the other writes in order. */
class Poller {
  readonly #ports: PollPorts
  readonly #writer: PollWriter
  readonly #options: PollOptions
  readonly #schedule: RoundSchedule
  readonly #work = new AsyncQueue<Work>()

  constructor(ports: PollPorts, writer: PollWriter, options: PollOptions) {
    this.#ports = ports
    this.#writer = writer
    this.#options = options
    const { periodMs, deadlineMs } = options
    this.#schedule = new RoundSchedule(ports.clock, ports.log, { periodMs, windowMs: deadlineMs })
  }

  read(): PollReading {
    const { complete } = this.#writer
    const agoMs = this.#ports.clock.now() - (complete ?? 0)
    return { complete, agoMs, waiting: this.#work.length }
  }

  async askAll(signal: AbortSignal): Promise<void> {
    let last = this.#writer.complete
    for (;;) {
      const pollAt = await this.#schedule.next(last, signal)
      if (pollAt === undefined) break
      last = pollAt
      if (this.#work.length < WAITING_ROUNDS) this.#ask(pollAt, pollAt + this.#options.deadlineMs)
      else
        this.#ports.log.warn(
          { pollAt: isoTime(pollAt) },
          'not polled: too many rounds wait for Kafka',
        )
    }
    this.#work.close()
  }

  /** Asks for the round that the clock is in, however old it is; nothing where it is complete. */
  async askOnce(): Promise<void> {
    const pollAt = this.#schedule.current()
    const { complete } = this.#writer
    if (complete !== null && complete >= pollAt) {
      this.#ports.log.info({ pollAt: isoTime(pollAt) }, 'this round is complete already')
    } else {
      this.#ask(pollAt, this.#ports.clock.now() + this.#options.deadlineMs)
    }
    this.#work.close()
  }

  async writeAll(): Promise<void> {
    for (let work = await this.#work.next(); work; work = await this.#work.next()) {
      if ('late' in work) await this.#writer.writeLate(work.late)
      else await this.#writeRound(work)
    }
  }

  #ask(pollAt: EpochMs, deadlineMs: EpochMs): void {
    const answers = new AsyncQueue<ExchangePoll>()
    const books = this.#writer.missing(pollAt)
    for (const book of books) {
      // Rejecting would be a bug in the adapter; the process ends with it.
      void this.#ports.exchanges
        .ask({ ...book, pollAt, deadlineMs }, (late) => this.#work.push({ late }))
        .then((record) => answers.push(record))
    }
    this.#work.push({ pollAt, asked: books.length, answers })
  }

  async #writeRound({ pollAt, asked, answers }: Extract<Work, { asked: number }>): Promise<void> {
    await this.#writer.nameMissed(pollAt)
    const failed: string[] = []
    for (let written = 0; written < asked; written++) {
      const record = (await answers.next())!
      await this.#writer.write(record)
      const { kind, exchange, market, error } = record
      if (kind === 'failure') failed.push(`${exchange} ${market}: ${error}`)
    }
    await this.#writer.finish(pollAt)
    const fields = { pollAt: isoTime(pollAt), books: asked - failed.length }
    if (failed.length === 0) this.#ports.log.info(fields, 'polled')
    else this.#ports.log.warn({ ...fields, failed }, 'polled, not all')
  }
}

function isoTime(time: EpochMs): string {
  return new Date(time).toISOString()
}
