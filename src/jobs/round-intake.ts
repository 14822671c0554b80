/** Gathers the records of `exchange-books` into rounds, and turns away what is no such record. */
import { DepthlineError } from '../errors.js'
import { deadLetterOf } from '../wire/dead-letter.js'
import type { EpochMs, ExchangePoll } from '../wire/exchange-records.js'
import { REGISTRY_BYTE, type RecordReader } from '../wire/record-codec.js'
import type { LogRecord } from '../wire/records.js'
import { DeadLetterBuffer } from './dead-letter-buffer.js'
import type { Round } from './round-analysis.js'

/** No round is so large; a topic whose rounds never end would fill the memory. */
const MAX_ROUND_BYTES = 512 * 1024 * 1024
const MAX_DETAIL = 200

export interface RoundIntakeOptions {
  readonly topic: string
  /** The last round of the process before; null where there was none. */
  readonly last: EpochMs | null
  /** So many of the records that come first and are rejected are dead-lettered already. */
  readonly rejected: number
  /** Pass over Avro of poll that cannot be read. */
  readonly acceptIncomplete: boolean
}

export class RoundIntake {
  readonly letters = new DeadLetterBuffer()
  /** Records turned away since the last round. */
  rejected = 0
  readonly #reader: RecordReader<ExchangePoll>
  readonly #topic: string
  readonly #passesOver: boolean
  #last: EpochMs | null
  #known: number
  #records: ExchangePoll[] = []
  #bytes = 0

  constructor(reader: RecordReader<ExchangePoll>, options: RoundIntakeOptions) {
    this.#reader = reader
    this.#topic = options.topic
    this.#last = options.last
    this.#known = options.rejected
    this.#passesOver = options.acceptIncomplete
  }

  /**
   * Takes the next record of the topic.
   *
   * @returns the round that it completes: all since the one before, late answers too
   * @throws DepthlineError LIMIT_PASSED where a round never ends
   */
  async take(record: LogRecord): Promise<Round | undefined> {
    if (record.value === null) return undefined
    const poll = await this.#decode(record, record.value)
    if (typeof poll === 'string') {
      this.#reject(record, 'bad_record', poll)
      return undefined
    }
    const { kind, poll_at: pollAt, exchanges, markets } = poll
    if (kind !== 'round_complete') {
      this.#keep(poll)
      return undefined
    }
    const fault = faultOfEnd(poll, record)
    if (fault !== undefined || exchanges === null || markets === null) {
      this.#reject(record, 'bad_record', fault ?? '')
      return undefined
    }
    if (this.#last !== null && pollAt <= this.#last) {
      this.#reject(record, 'out_of_order', `round ${pollAt} comes after round ${this.#last}`)
      return undefined
    }
    this.#keep(poll)
    const round = { pollAt, exchanges, markets, records: this.#records }
    this.#last = pollAt
    this.#records = []
    this.#bytes = 0
    this.#known = 0
    this.rejected = 0
    return round
  }

  /**
   * The record, or what is wrong with it.
   *
   * @throws DepthlineError BAD_RECORD where it is Avro of depthline's own: passing over it would
   * lose a book because of a wrong setting, most often a missing SCHEMA_REGISTRY_URL
   */
  async #decode({ offset, headers }: LogRecord, value: Uint8Array): Promise<ExchangePoll | string> {
    try {
      return await this.#reader.decode(value)
    } catch (error) {
      if (!(error instanceof DepthlineError && error.code === 'BAD_RECORD')) throw error
      const isOurs = headers.schema === this.#reader.schema && value[0] === REGISTRY_BYTE
      if (!isOurs || this.#passesOver) return error.message
      const message = `${this.#topic}[0] at offset ${offset}: ${error.message}; if nothing can read it, --accept-incomplete passes over it`
      throw new DepthlineError('BAD_RECORD', message, { cause: error })
    }
  }

  #keep(poll: ExchangePoll): void {
    this.#records.push(poll)
    this.#bytes += 1_000 + (poll.body?.length ?? 0)
    if (this.#bytes <= MAX_ROUND_BYTES) return
    throw new DepthlineError(
      'LIMIT_PASSED',
      `${this.#records.length} records of ${this.#topic} and no round_complete among them: is depthline poll writing this topic?`,
    )
  }

  #reject(record: LogRecord, reason: string, detail: string): void {
    this.rejected++
    if (this.rejected <= this.#known) return
    const cut = detail.slice(0, MAX_DETAIL)
    const place = { topic: this.#topic, partition: 0, reason, detail: cut }
    this.letters.add(deadLetterOf({ ...record, ...place }))
  }
}

/** Names become keys, labels and words in a terminal, and a round may have been written by anybody. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._/:-]{0,31}$/

/** What is wrong with a round_complete. */
function faultOfEnd(
  { poll_at: pollAt, exchanges, markets }: ExchangePoll,
  { timestamp }: LogRecord,
): string | undefined {
  if (!areNames(exchanges) || !areNames(markets)) {
    return 'a round_complete names its exchanges and markets, each once'
  }
  // What is made of it carries its time, and Kafka takes no time of the future.
  if (pollAt > Number(timestamp)) return 'its poll_at lies after its own time in Kafka'
  return undefined
}

function areNames(names: readonly string[] | null): boolean {
  if (names === null || names.length === 0) return false
  return names.every((name) => NAME.test(name)) && new Set(names).size === names.length
}
