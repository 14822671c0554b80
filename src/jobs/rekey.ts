/** `--rekey`: the stage before the books that writes the input again, keyed by order_id, each record once. */
import { DepthlineError } from '../errors.js'
import { OrderEventReader } from '../wire/order-event-reader.js'
import type { Progress } from '../wire/progress.js'
import type { RecordBatch } from '../wire/record-batch.js'
import type { Offsets, PartitionRange } from '../wire/records.js'
import { Gate } from './gate.js'
import { LogIdentity } from './log-identity.js'
import type {
  Clock,
  Log,
  OrderSource,
  RekeyedRecord,
  RekeyOutput,
  TransactionLog,
} from './ports.js'
import { type Identity, type Position, Publisher } from './publisher.js'
import { assertSameLog } from './recovery.js'
import { START } from './run.js'
import { aborted, COMMIT_GRACE_MS, graceAfter } from './stopping.js'
import { watchMovement } from './watchdog.js'

/** A transaction takes what has come within this time, or as much as follows at once. */
const GATHER_MS = 100
const FULL_RECORDS = 10_000
const FULL_BYTES = 1024 * 1024
/** So many records take about a millisecond; then others may go first. */
const SLICE = 1_000

export interface RekeyPorts {
  /** The input; its records must have their headers. */
  readonly source: OrderSource
  readonly transactions: TransactionLog<Progress, RekeyOutput>
  readonly clock: Clock
  readonly log: Log
}

/**
 * Runs until `signal` aborts. Its progress is committed with the records, so that a kill
 * neither loses nor repeats one.
 *
 * @throws DepthlineError FENCED, or LOG_LOST where the input is not whole or not the one read before
 */
export async function rekey(ports: RekeyPorts, identity: Identity, signal: AbortSignal) {
  const { source, clock, log } = ports
  const publisher = new Publisher({ ...ports, start: START, nothing: { records: [] } }, identity)
  const ending = new AbortController()
  try {
    const last = await publisher.takeOver()
    if (signal.aborted) return
    const offsets = startOf(source.topic, await source.ranges(), last)
    log.info({ topic: source.topic, offsets }, 'keying by order_id')
    const stage = new RekeyStage({ source, clock, publisher }, offsets, last.lastRecords)
    await Promise.race([
      source.consume(offsets, (batch) => stage.take(batch)),
      stage.publish(signal),
      watchMovement(source, clock, () => stage.movement, ending.signal),
      graceAfter(signal, clock, COMMIT_GRACE_MS),
    ])
  } finally {
    ending.abort()
    await source.stop()
    await publisher.close()
  }
}

/** The books take the topic by id for the whole input, so it has to begin where that does. */
function startOf(topic: string, ranges: readonly PartitionRange[], last: Progress): Offsets {
  assertSameLog(topic, ranges, last)
  if (last.offsets.length > 0) return last.offsets
  const gone = ranges.findIndex(({ low }) => low > 0)
  if (gone < 0) return ranges.map(() => 0)
  throw new DepthlineError(
    'LOG_LOST',
    `${topic}[${gone}] starts at offset ${ranges[gone]!.low}: --rekey needs the whole input, for the books could not tell that orders are missing`,
  )
}

interface StageParts {
  readonly source: Pick<OrderSource, 'topic'>
  readonly clock: Clock
  readonly publisher: Publisher<Progress, RekeyOutput>
}

class RekeyStage {
  readonly #parts: StageParts
  readonly #reader = new OrderEventReader()
  /** Everything below is published or waits. */
  readonly #offsets: number[]
  readonly #log: LogIdentity
  readonly #room = new Gate()
  /** Wakes the publishing: something waits, or as much as a transaction takes. */
  #wake = new AbortController()
  #waiting: RekeyedRecord[] = []
  #waitingBytes = 0

  constructor(parts: StageParts, offsets: Offsets, lastRecords: readonly string[]) {
    this.#parts = parts
    this.#offsets = [...offsets]
    const hashes = offsets.map((_, partition) => lastRecords[partition] ?? '')
    this.#log = new LogIdentity(parts.source.topic, hashes)
  }

  get movement() {
    const applied = this.#offsets.reduce((sum, offset) => sum + offset, 0)
    return { applied, isHeld: this.#isFull, isBehind: false, commits: undefined }
  }

  /** Resolves when the records of the batch wait or are published. */
  async take(batch: RecordBatch): Promise<void> {
    for (let index = 0; index < batch.length; index++) {
      while (this.#isFull) await this.#room.wait()
      this.#add(batch, index)
      if (index % SLICE === SLICE - 1) await this.#parts.clock.yield()
    }
  }

  /** Publishes what waits, again and again, one transaction at a time. */
  async publish(signal: AbortSignal): Promise<void> {
    const { publisher, clock } = this.#parts
    signal.addEventListener('abort', () => this.#wake.abort())
    while (!signal.aborted) {
      this.#wake = new AbortController()
      if (this.#waiting.length === 0) {
        await aborted(this.#wake.signal)
        this.#wake = new AbortController()
      }
      if (!this.#isFull && !signal.aborted) await clock.sleep(GATHER_MS, this.#wake.signal)
      if (signal.aborted) return
      const position = this.#position()
      const records = this.#waiting
      this.#waiting = []
      this.#waitingBytes = 0
      // The next ones are read while these are on their way.
      this.#room.open()
      await publisher.insist({ output: { records }, position })
    }
  }

  get #isFull(): boolean {
    return this.#waiting.length >= FULL_RECORDS || this.#waitingBytes >= FULL_BYTES
  }

  /** Records below the position came before; the last of them tells whether this is the same log. */
  #add(batch: RecordBatch, index: number): void {
    const { partition } = batch
    const position = this.#offsets[partition]!
    const offset = batch.offsetAt(index)
    const record = batch.recordAt(index)
    if (offset < position) {
      if (offset === position - 1) this.#log.assertSame(partition, record)
      return
    }
    const { value, timestamp } = record
    const key = this.#idOf(value) ?? record.key
    const from = `${this.#parts.source.topic}[${partition}]@${offset}`
    const headers = { ...record.headers, rekeyed_from: from }
    this.#waiting.push({ key, partition, value, timestamp, headers })
    this.#waitingBytes += (value?.length ?? 0) + from.length + (record.key?.length ?? 0)
    this.#offsets[partition] = offset + 1
    this.#log.note(partition, record)
    if (this.#waiting.length === 1 || this.#isFull) this.#wake.abort()
  }

  /** The id's one text; undefined where the books will reject the record before they look at its id. */
  #idOf(value: Uint8Array | null): string | undefined {
    if (value === null) return undefined
    if (this.#reader.read(value, 0, value.length) !== undefined) return undefined
    return String(this.#reader.event.orderId)
  }

  #position(): Position<Progress> {
    return { ...START, offsets: [...this.#offsets], lastRecords: this.#log.hashes }
  }
}
