/** `analyse`: raw books in, depth and analytics out; the same records give the same output, byte for byte. */
import { DepthlineError } from '../errors.js'
import type { ExchangeDepth, ExchangePoll, MarketAnalytics } from '../wire/exchange-records.js'
import { recordHash } from '../wire/progress.js'
import type { RecordCodec, RecordReader } from '../wire/record-codec.js'
import type { LogRecord } from '../wire/records.js'
import { type AnalysisProgress, bookKey } from '../wire/round-progress.js'
import type { OutgoingRecord, RecordOutput, RoundSink, Writer } from './exchange-ports.js'
import { lostLog } from './lost-log.js'
import type { AnalysisOptions } from './market-analytics.js'
import type { AnalyseMonitor } from './monitor.js'
import type { Clock, Log, LogReader, TransactionLog } from './ports.js'
import { type Identity, type Position, Publisher } from './publisher.js'
import { analyseRound, type Round, type RoundAnalysis } from './round-analysis.js'
import { RoundIntake } from './round-intake.js'
import { graceAfter } from './stopping.js'

/** After it was told to stop, a round in hand may take so long. */
const GRACE_MS = 5_000

/** What makes another job of it: its topics are its lock. */
const NEW_JOB = '--analytics, --depth and another DEPTHLINE_DATA'

export interface AnalysePorts {
  /** Reads `exchange-books` from an offset on, or from the first one that is kept. */
  open(from: number): Promise<LogReader>
  readonly transactions: TransactionLog<AnalysisProgress, RecordOutput>
  /** Each gets every round before it is committed, and again after a crash. */
  readonly sinks: readonly RoundSink[]
  readonly polls: RecordReader<ExchangePoll>
  readonly depth: RecordCodec<ExchangeDepth>
  readonly analytics: RecordCodec<MarketAnalytics>
  readonly clock: Clock
  readonly log: Log
  readonly monitor?: AnalyseMonitor | undefined
}

export interface AnalyseOptions extends Identity, AnalysisOptions {
  readonly depthTopic: string
  readonly analyticsTopic: string
  /** Go on where records are gone that were not analysed yet. */
  readonly acceptIncomplete: boolean
  /** End at what the topic held at the start. */
  readonly once: boolean
}

/** Of what this process did. */
export interface AnalysisCounts {
  rounds: number
  rejected: number
}

/** Where a new job is. */
const START: Position<AnalysisProgress> = {
  offset: 0,
  lastRecord: '',
  pollAt: null,
  bodies: {},
  rejected: 0,
}

/**
 * Runs until `signal` aborts, then leaves after the round in hand.
 *
 * @throws DepthlineError LOG_LOST where the input is not the one that was read before, or is gone
 */
export async function analyse(
  ports: AnalysePorts,
  options: AnalyseOptions,
  signal: AbortSignal,
): Promise<AnalysisCounts> {
  const parts = { ...ports, start: START, nothing: { records: [], deadLetters: [] } }
  const publisher = new Publisher(parts, options)
  let reader: LogReader | undefined
  try {
    const progress = await publisher.takeOver()
    // One record more, to tell whether it is still the same log.
    reader = await ports.open(progress.lastRecord === '' ? progress.offset : progress.offset - 1)
    const end = await assertSameLog(reader, progress, { ...options, log: ports.log })
    const analysis = new Analysis(ports, publisher, reader, progress, options)
    const stop = () => void reader?.stop()
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    const work = analysis.run(options.once ? end : Number.POSITIVE_INFINITY)
    await Promise.race([work, graceAfter(signal, ports.clock, GRACE_MS)])
    return analysis.counts
  } finally {
    await reader?.stop()
    await publisher.close()
  }
}

/** @returns the offset at which the topic ends by now */
async function assertSameLog(
  reader: LogReader,
  { offset }: AnalysisProgress,
  { acceptIncomplete, log }: { acceptIncomplete: boolean; log: Log },
): Promise<number> {
  const { topic } = reader
  const first = reader.starts[0] ?? 0
  const end = (await reader.ends())[0] ?? 0
  if (offset > end) {
    throw lostLog(
      `${topic}[0] ends at offset ${end}, and the job has read up to ${offset}`,
      NEW_JOB,
    )
  }
  if (first <= offset) return end
  if (offset > 0 && !acceptIncomplete) {
    throw new DepthlineError(
      'LOG_LOST',
      `${topic}[0] starts at offset ${first}, and the rounds from ${offset} on were not analysed before they were deleted: go on without them (--accept-incomplete)`,
    )
  }
  log.warn({ topic, from: first, expected: offset }, 'rounds before this offset are gone')
  return end
}

class Analysis {
  readonly counts: AnalysisCounts = { rounds: 0, rejected: 0 }
  readonly #ports: AnalysePorts
  readonly #publisher: Publisher<AnalysisProgress, RecordOutput>
  readonly #reader: LogReader
  readonly #options: AnalyseOptions
  readonly #intake: RoundIntake
  /** This process by its claim, so that a sink can tell it from one that took over before or after. */
  readonly #writer: Writer
  #position: Position<AnalysisProgress>

  constructor(
    ports: AnalysePorts,
    publisher: Publisher<AnalysisProgress, RecordOutput>,
    reader: LogReader,
    progress: AnalysisProgress,
    options: AnalyseOptions,
  ) {
    this.#ports = ports
    this.#publisher = publisher
    this.#reader = reader
    this.#options = options
    const { offset, lastRecord, pollAt, bodies, rejected, lineage, sequence } = progress
    this.#writer = { job: options.job, lineage, sequence }
    this.#position = { offset, lastRecord, pollAt, bodies, rejected }
    const { topic } = reader
    const { acceptIncomplete } = options
    const from = { topic, last: pollAt, rejected, acceptIncomplete }
    this.#intake = new RoundIntake(ports.polls, from)
  }

  async run(end: number): Promise<void> {
    let position = this.#reader.starts[0] ?? 0
    while (position < end) {
      const piece = await this.#reader.next(0)
      if (piece === undefined) return
      for (const record of piece.records) await this.#take(record)
      position = piece.position
    }
    if (this.#intake.rejected > this.#position.rejected) await this.#commitRejected()
  }

  async #take(record: LogRecord): Promise<void> {
    const { topic } = this.#reader
    if (Number(record.offset) < this.#position.offset) {
      if (recordHash(record) === this.#position.lastRecord) return
      throw lostLog(
        `${topic}[0] holds another record at offset ${record.offset} than it did`,
        NEW_JOB,
      )
    }
    const round = await this.#intake.take(record)
    if (round !== undefined) await this.#finish(round, record)
    else if (this.#intake.letters.isFull) await this.#commitRejected()
  }

  async #finish(round: Round, last: LogRecord): Promise<void> {
    const { pollAt, records: polls } = round
    const { clock, monitor, sinks } = this.#ports
    const begun = clock.monotonic()
    const analysis = analyseRound(round, this.#position.bodies, this.#options)
    const { depth, analytics, bodies } = analysis
    const analysed = { pollAt, polls, depth, analytics }
    for (const sink of sinks) await sink.write(analysed, this.#writer)
    const offset = Number(last.offset) + 1
    const position = { offset, lastRecord: recordHash(last), pollAt, bodies, rejected: 0 }
    await this.#commit(await this.#encode(analysis), position)
    this.counts.rounds++
    monitor?.analysed(analysed, clock.monotonic() - begun)
    const unusable = depth.filter(({ usable }) => !usable)
    const fields = { pollAt: new Date(pollAt).toISOString(), books: depth.length - unusable.length }
    const why = unusable.map(({ exchange, market, reason }) => `${exchange} ${market}: ${reason}`)
    if (why.length === 0) this.#ports.log.info(fields, 'analysed')
    else this.#ports.log.warn({ ...fields, without: why }, 'analysed')
  }

  /** Dead letters go without a round where there are many of them, or nothing comes any more. */
  #commitRejected(): Promise<void> {
    return this.#commit([], { ...this.#position, rejected: this.#intake.rejected })
  }

  async #commit(records: readonly OutgoingRecord[], position: Position<AnalysisProgress>) {
    const { letters } = this.#intake
    const deadLetters = letters.take()
    await this.#publisher.insist({ output: { records, deadLetters }, position })
    letters.release(deadLetters)
    this.counts.rejected += deadLetters.length
    this.#ports.monitor?.rejected(deadLetters.length)
    this.#position = position
  }

  async #encode({ depth, analytics }: RoundAnalysis): Promise<OutgoingRecord[]> {
    const { depthTopic, analyticsTopic } = this.#options
    const records: OutgoingRecord[] = []
    for (const record of depth) {
      const key = bookKey(record.exchange, record.market)
      records.push(await outgoing(depthTopic, key, record, this.#ports.depth))
    }
    for (const record of analytics) {
      records.push(await outgoing(analyticsTopic, record.market, record, this.#ports.analytics))
    }
    return records
  }
}

async function outgoing<T extends { readonly poll_at: number }>(
  topic: string,
  key: string,
  record: T,
  codec: RecordCodec<T>,
): Promise<OutgoingRecord> {
  const value = await codec.encode(record)
  return { topic, key, value, timestampMs: record.poll_at, headers: { schema: codec.schema } }
}
