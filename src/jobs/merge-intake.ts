/** Reads what the shards publish into one set of books, each partition from one mark to the next. */
import { MergedBooks } from '../book/merged-books.js'
import { DepthlineError } from '../errors.js'
import { type Mark, readLevelRecord } from '../wire/level-record.js'
import type { LogRecord, Offsets } from '../wire/records.js'
import { TickPrinter } from '../wire/tick-message.js'
import { Gate } from './gate.js'
import { lostLog } from './lost-log.js'
import { MergePart } from './merge-part.js'
import type { Clock, Log, LogReader } from './ports.js'
import { aborted } from './stopping.js'

/** Between two looks at the end of the topic. */
const LOOK_MS = 5_000
const RETRY_MS = 500
/** So long a tick waits for a partition, from the beginning of its second. */
export const GRACE_MS = 600
/** A shard's clock may be so far ahead of this one's; a mark of a later second counts for when it came. */
const MAX_AHEAD_S = 2

export interface MergeIntakeOptions {
  /** Of the input. */
  readonly partitions: number
  /** Levels a side in the tick message; Infinity for all. */
  readonly levels: number
  /** Levels that a step of printing takes at most; never changes an answer. */
  readonly stepLevels?: number
  /** A topic that was not read to its end for so long may have lost, to compaction, what the books at some mark were made of. */
  readonly maxBehindMs: number
}

export interface MergeIntakePorts {
  /** Reads the levels topic from its start. */
  openLevels(): Promise<LogReader>
  readonly clock: Clock
  readonly log: Log
}

/** All that follows from the topic, for as long as nothing of it was missed. */
interface Reading {
  readonly books: MergedBooks
  readonly printer: TickPrinter
  readonly parts: readonly MergePart[]
  /** By partition of the topic, where reading has come to. */
  readonly positions: number[]
  /** By the monotonic clock: what the topic held at that time is read. Undefined before the first time. */
  completeAt: number | undefined
}

export class MergeIntake {
  /** Opens with each mark, and with what else somebody may wait for. */
  readonly moved = new Gate()
  readonly #ports: MergeIntakePorts
  readonly #options: MergeIntakeOptions
  #reading: Reading
  #reader: LogReader | undefined
  /** Marks of later seconds wait. */
  #limit = Number.POSITIVE_INFINITY

  constructor(ports: MergeIntakePorts, options: MergeIntakeOptions) {
    this.#ports = ports
    this.#options = options
    this.#reading = this.#begin()
  }

  get books(): MergedBooks {
    return this.#reading.books
  }

  get printer(): TickPrinter {
    return this.#reading.printer
  }

  /** By partition of the input, the mark that the books are at. */
  get marks(): readonly (Mark | undefined)[] {
    return this.#reading.parts.map(({ mark }) => mark)
  }

  /** By partition of the input, the second that its mark counts for. */
  get seconds(): readonly number[] {
    return this.#reading.parts.map(({ second }) => second)
  }

  /** Changes with every record that is read. */
  get read(): number {
    return this.#reading.positions.reduce((sum, position) => sum + position, 0)
  }

  /** How much of the topic is still to be read. */
  async lag(): Promise<number> {
    const ends = (await this.#reader?.ends()) ?? []
    const { positions } = this.#reading
    return ends.reduce((sum, end, at) => sum + Math.max(0, end - (positions[at] ?? 0)), 0)
  }

  /** The partitions of the input without a mark at or behind its offset in `offsets`; all while the topic is not read to its end. */
  missing(offsets: Offsets): number[] {
    const { parts, completeAt } = this.#reading
    const isComplete = completeAt !== undefined && !this.#isBehind()
    return [...parts.keys()].filter((partition) => {
      const offset = parts[partition]!.mark?.offset ?? -1
      return !isComplete || offset < (offsets[partition] ?? 0)
    })
  }

  /** True where a mark of that second, or a later one, has come for each partition. */
  hasAll(tick: number): boolean {
    return this.#reading.parts.every(({ newest }) => newest >= tick)
  }

  /** Applies what counts for seconds up to this one, now and from now on. */
  goTo(tick: number): void {
    this.#limit = tick
    const { parts, books } = this.#reading
    for (const part of parts) part.applyUpTo(tick, books)
  }

  /** Applies nothing until {@link goTo}: what is read of the books meanwhile is of one moment. */
  hold(): void {
    this.#limit = Number.NEGATIVE_INFINITY
  }

  /**
   * Reads until `signal` aborts; from the start again where too much was missed.
   *
   * @throws DepthlineError LOG_LOST where the topic holds something else
   */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#readOnce(signal)
      } catch (error) {
        if (!(error instanceof DepthlineError)) throw error
        if (error.code === 'TOPIC_MISSING') throw lostLog('the levels topic is gone')
        if (!error.retriable) throw error
        this.#ports.log.warn({ reason: error.message }, 'reading the levels again')
        await this.#ports.clock.sleep(RETRY_MS, signal)
      }
    }
  }

  async #readOnce(signal: AbortSignal): Promise<void> {
    const reading = this.#begin()
    this.#reading = reading
    const reader = await this.#ports.openLevels()
    this.#reader = reader
    reading.positions.push(...reader.starts)
    const ending = new AbortController()
    const either = AbortSignal.any([signal, ending.signal])
    const work = reader.starts.map((_, partition) => this.#follow(reader, partition))
    try {
      await Promise.race([aborted(signal), ...work, this.#watchEnd(reader, either)])
    } finally {
      ending.abort()
      await reader.stop()
    }
    if (!signal.aborted)
      this.#ports.log.warn({}, 'fallen behind: reading the levels from the start')
  }

  #begin(): Reading {
    const { partitions, levels, stepLevels } = this.#options
    const books = new MergedBooks()
    return {
      books,
      printer: new TickPrinter(books, levels, stepLevels),
      parts: Array.from({ length: partitions }, () => new MergePart()),
      positions: [],
      completeAt: undefined,
    }
  }

  /** Ends when what comes next may be incomplete. */
  async #follow(reader: LogReader, partition: number): Promise<void> {
    for (;;) {
      const piece = await reader.next(partition)
      if (piece === undefined || this.#isBehind()) return
      for (const record of piece.records) this.#take(reader.topic, partition, record)
      this.#reading.positions[partition] = piece.position
      this.moved.open()
    }
  }

  /** Notes again and again that all there was is read; ends when that was too long ago. */
  async #watchEnd(reader: LogReader, signal: AbortSignal): Promise<void> {
    const { clock } = this.#ports
    // Another reading may have begun when what it waits for comes, and its end is not known.
    const reading = this.#reading
    const { positions } = reading
    while (!signal.aborted) {
      const asked = clock.monotonic()
      const ends = await reader.ends()
      while (!signal.aborted && ends.some((end, at) => positions[at]! < end)) {
        await this.moved.wait()
      }
      if (this.#isBehind()) return
      // Where reading took so long, more may have been compacted behind it: it goes on to the new end.
      if (clock.monotonic() - asked > this.#options.maxBehindMs) continue
      reading.completeAt = asked
      this.moved.open()
      await clock.sleep(LOOK_MS, signal)
    }
  }

  #isBehind(): boolean {
    const { completeAt } = this.#reading
    if (completeAt === undefined) return false
    return this.#ports.clock.monotonic() - completeAt > this.#options.maxBehindMs
  }

  #take(topic: string, topicPartition: number, { key, value, offset }: LogRecord): void {
    const record = { key: decoder.decode(key ?? NONE), value: value && decoder.decode(value) }
    const found = readLevelRecord(record)
    const part = found && this.#reading.parts[found.partition]
    const place = `${topic}[${topicPartition}] at offset ${offset}`
    if (part === undefined) {
      throw new DepthlineError('LOG_LOST', `${place} is no record of a shard of this job`)
    }
    if (!('mark' in found!)) {
      part.addLevel(found!)
      return
    }
    const { mark } = found
    if (Number(offset) < mark.after) {
      const what = `says that levels lie before offset ${mark.after}: the topic was made anew without them`
      throw new DepthlineError(
        'LOG_LOST',
        `the mark of partition ${found.partition} in ${place} ${what}`,
      )
    }
    const nowMs = this.#ports.clock.now()
    const isAhead = mark.tick > Math.floor(nowMs / 1000) + MAX_AHEAD_S
    // What comes too late for the tick of this second is not a second old at the next one.
    const second = Math.floor((nowMs + 1000 - GRACE_MS) / 1000)
    part.addMark(mark, isAhead ? second : mark.tick)
    part.applyUpTo(this.#limit, this.#reading.books)
  }
}

const decoder = new TextDecoder()
const NONE = new Uint8Array()
