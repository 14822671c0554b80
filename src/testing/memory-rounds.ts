/** Topics of rounds in memory: what poll and analyse commit, in transactions that a test can let fail. */
import { createHash } from 'node:crypto'
import { DepthlineError } from '../errors.js'
import type { OutgoingRecord, RecordOutput } from '../jobs/exchange-ports.js'
import type { LogReader, TransactionLog, Transactor } from '../jobs/ports.js'
import type { ExchangePoll } from '../wire/exchange-records.js'
import type { Ownership } from '../wire/progress.js'
import type { RecordCodec } from '../wire/record-codec.js'
import type { DeadLetter } from '../wire/records.js'
import { FakeLog, logRecord } from './fake-log.js'
import { unreachable } from './memory-job.js'

/** One job's topics and progress. Several processes may share them, as they share a broker. */
export class MemoryRecords<P extends Ownership> implements TransactionLog<P, RecordOutput> {
  progress: P | undefined
  readonly records: OutgoingRecord[] = []
  readonly deadLetters: DeadLetter[] = []
  commits = 0
  /** `lost`: the commit is done and its answer lost. `failed`: it is not done. */
  before: () => Promise<'done' | 'lost' | 'failed'> = async () => 'done'
  /** Called with each commit that is done. */
  after: (records: readonly OutgoingRecord[]) => void = () => {}
  #epoch = 0

  async fence(): Promise<Transactor<P, RecordOutput>> {
    const epoch = ++this.#epoch
    return {
      discard: async () => {},
      commit: async ({ records, deadLetters, progress }, isTooLate) => {
        const fate = await this.before()
        if (fate === 'failed' || epoch !== this.#epoch) throw unreachable(fate)
        if (isTooLate()) return false
        this.commits++
        this.records.push(...records)
        this.deadLetters.push(...deadLetters)
        this.progress = progress
        this.after(records)
        if (fate === 'lost') throw unreachable(fate)
        return true
      },
    }
  }

  async readProgress(): Promise<P | undefined> {
    return this.progress
  }

  /** The values of a topic, in order. */
  values<T>(topic: string): T[] {
    const records = this.records.filter((record) => record.topic === topic)
    return records.map(({ value }) => fromBytes<T>(value))
  }

  /** Reads a topic's records up to now. */
  reader(topic: string, from = 0): LogReader {
    const records = this.records.filter((record) => record.topic === topic)
    const log = records.map(({ value, timestampMs, headers }, offset) =>
      logRecord(offset, value, { timestamp: String(timestampMs), headers }),
    )
    const reader = new FakeLog(topic, [log])
    reader.starts[0] = Math.max(0, from)
    reader.taken[0] = Math.max(0, from)
    return reader
  }
}

/** Records as JSON, their bodies as Latin-1 text, without a schema; `!` and Avro cannot be decoded. */
export function plainCodec<T>(schema: string): RecordCodec<T> {
  return {
    schema,
    encode: async (record) => toBytes(record),
    decode: async (value) => {
      if (value[0] === 0x21) throw new DepthlineError('BAD_RECORD', 'it begins with !')
      if (value[0] === 0) throw new DepthlineError('BAD_RECORD', 'set SCHEMA_REGISTRY_URL')
      return fromBytes<T>(value)
    },
  }
}

function toBytes(record: unknown): Uint8Array {
  const text = JSON.stringify(record, (_, value) =>
    value instanceof Uint8Array ? { bytes: Buffer.from(value).toString('latin1') } : value,
  )
  return new TextEncoder().encode(text)
}

function fromBytes<T>(value: Uint8Array): T {
  return JSON.parse(new TextDecoder().decode(value), (_, field) =>
    typeof field?.bytes === 'string' ? Uint8Array.from(Buffer.from(field.bytes, 'latin1')) : field,
  )
}

/** What an exchange is asked for. */
export type Asked = Pick<ExchangePoll, 'exchange' | 'market' | 'poll_at'>

/** What an exchange answers at `now`. */
export function answerOf(asked: Asked, body: string, now: number): ExchangePoll {
  const bytes = new TextEncoder().encode(body)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { ...recordAt(asked, now), kind: 'answer', status: 200, sha256, body: bytes }
}

export function failureOf(
  asked: Asked,
  error: NonNullable<ExchangePoll['error']>,
  now: number,
): ExchangePoll {
  return { ...recordAt(asked, now), kind: 'failure', error, detail: `a ${error}` }
}

function recordAt(asked: Asked, now: number): Omit<ExchangePoll, 'kind'> {
  const nothing = { status: null, error: null, detail: null, sha256: null, body: null }
  const { exchange, market, poll_at } = asked
  const times = { requested_at: now, responded_at: now, attempts: 1 }
  return {
    poll_at,
    exchange,
    market,
    origin: null,
    ...times,
    ...nothing,
    exchanges: null,
    markets: null,
  }
}
