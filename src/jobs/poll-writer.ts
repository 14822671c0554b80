/** Writes what a poll brought: exactly one record for each book and round, then that the round is complete. */
import type { EpochMs, ExchangePoll } from '../wire/exchange-records.js'
import type { RecordCodec } from '../wire/record-codec.js'
import { bookKey, type PollProgress } from '../wire/round-progress.js'
import type { OutgoingRecord, RecordOutput } from './exchange-ports.js'
import type { PollMonitor } from './monitor.js'
import type { Position, Publisher } from './publisher.js'

/** So many records at most in one commit that names the rounds of a long absence. */
const RECORDS_PER_COMMIT = 1_000

export interface Book {
  readonly exchange: string
  readonly market: string
}

export interface PollWriterOptions {
  readonly topic: string
  /** Which the round_complete record names, in this order. */
  readonly exchanges: readonly string[]
  readonly markets: readonly string[]
  readonly periodMs: number
}

export interface PollCounts {
  rounds: number
  answers: number
  failures: number
  late: number
  notPolled: number
}

const EMPTY = {
  exchange: null,
  market: null,
  origin: null,
  requested_at: null,
  responded_at: null,
  attempts: 0,
  status: null,
  error: null,
  detail: null,
  sha256: null,
  body: null,
  exchanges: null,
  markets: null,
} as const

export class PollWriter {
  /** Of what this process wrote. */
  readonly counts: PollCounts = { rounds: 0, answers: 0, failures: 0, late: 0, notPolled: 0 }
  readonly #publisher: Publisher<PollProgress, RecordOutput>
  readonly #codec: RecordCodec<ExchangePoll>
  readonly #monitor: PollMonitor | undefined
  readonly #options: PollWriterOptions
  #position: Position<PollProgress>

  constructor(
    parts: {
      readonly publisher: Publisher<PollProgress, RecordOutput>
      readonly codec: RecordCodec<ExchangePoll>
      readonly position: Position<PollProgress>
      readonly monitor?: PollMonitor | undefined
    },
    options: PollWriterOptions,
  ) {
    this.#publisher = parts.publisher
    this.#codec = parts.codec
    this.#monitor = parts.monitor
    this.#position = { complete: parts.position.complete, open: parts.position.open }
    this.#options = options
  }

  /** The last round that is complete. */
  get complete(): EpochMs | null {
    return this.#position.complete
  }

  /** Which books a round still lacks, whoever wrote the others. */
  missing(pollAt: EpochMs): Book[] {
    const { open } = this.#position
    const written = open?.pollAt === pollAt ? open.written : []
    return this.#books().filter(({ exchange, market }) => {
      return !written.includes(bookKey(exchange, market))
    })
  }

  /** Writes the one record of a book in its round, an answer or a failure. */
  async write(record: ExchangePoll): Promise<void> {
    const { kind, poll_at: pollAt, exchange, market } = record
    const { complete, open } = this.#position
    const before = open?.pollAt === pollAt ? open.written : []
    const written = [...before, bookKey(exchange!, market!)]
    await this.#commit([record], { complete, open: { pollAt, written } })
    this.counts[kind === 'answer' ? 'answers' : 'failures']++
  }

  /** Writes an answer that came after its failure was written. */
  async writeLate(record: ExchangePoll): Promise<void> {
    await this.#commit([record], this.#position)
    this.counts.late++
  }

  /** Says that every book of the round has its record. */
  async finish(pollAt: EpochMs): Promise<void> {
    await this.#commit([this.#roundComplete(pollAt)], { complete: pollAt, open: null })
    this.counts.rounds++
  }

  /** Names every book of every round before `pollAt` that nobody asked for. */
  async nameMissed(pollAt: EpochMs): Promise<void> {
    const { periodMs } = this.#options
    const { open, complete } = this.#position
    if (open === null && complete === null) return
    const following = (time: EpochMs) => (Math.floor(time / periodMs) + 1) * periodMs
    let records: ExchangePoll[] = []
    let round = open?.pollAt ?? following(complete!)
    for (; round < pollAt; round = following(round)) {
      const missing = this.missing(round)
      for (const book of missing) {
        records.push({ ...EMPTY, ...book, kind: 'not_polled', poll_at: round })
      }
      this.counts.notPolled += missing.length
      records.push(this.#roundComplete(round))
      const isLast = following(round) >= pollAt
      if (!isLast && records.length < RECORDS_PER_COMMIT) continue
      await this.#commit(records, { complete: round, open: null })
      records = []
    }
  }

  #books(): Book[] {
    const { exchanges, markets } = this.#options
    return markets.flatMap((market) => exchanges.map((exchange) => ({ exchange, market })))
  }

  #roundComplete(pollAt: EpochMs): ExchangePoll {
    const { exchanges, markets } = this.#options
    return { ...EMPTY, kind: 'round_complete', poll_at: pollAt, exchanges, markets }
  }

  async #commit(records: readonly ExchangePoll[], position: Position<PollProgress>) {
    const outgoing = await Promise.all(records.map((record) => this.#encode(record)))
    const output = { records: outgoing, deadLetters: [] }
    await this.#publisher.insist({ output, position })
    this.#position = position
    this.#monitor?.written(records)
  }

  async #encode(record: ExchangePoll): Promise<OutgoingRecord> {
    const { exchange, market } = record
    return {
      topic: this.#options.topic,
      key: exchange === null || market === null ? 'round' : bookKey(exchange, market),
      value: await this.#codec.encode(record),
      timestampMs: record.poll_at,
      headers: { schema: this.#codec.schema },
    }
  }
}
