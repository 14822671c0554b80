/** `verify`: published ticks recomputed from the input by the naive book and compared byte for byte. */
import { DepthlineError } from '../errors.js'
import { NaiveBook } from '../oracle/naive-book.js'
import type { LogRecord } from '../wire/records.js'
import { DeadLetterCheck } from './dead-letter-check.js'
import { InputReplay } from './input-replay.js'
import type { LogReader } from './ports.js'
import {
  type Base,
  differenceOf,
  faultOfHeaders,
  type PublishedTick,
  readTick,
  secondOf,
  wrongTick,
} from './published-tick.js'
import { assertReaches, type VerifyStart } from './verify-start.js'

export interface VerifyOptions {
  /** The key of the ticks; what has another is passed over. */
  readonly job: string
  /** Levels a side, as the job was told. */
  readonly levels: number
  /** Closed ids that each partition remembers, as the job was told. */
  readonly closedWindow: number
  /** What the input held before the readers begin; the input's start where it is undefined. */
  readonly start?: VerifyStart | undefined
  /** First tick to compare. */
  readonly from?: number | undefined
  /** Last tick to compare. */
  readonly to?: number | undefined
  /** Go on with new ticks until stopped. */
  readonly follow: boolean
}

export interface VerifyPorts {
  readonly output: LogReader
  readonly input: LogReader
  readonly deadLetters: LogReader
}

export interface VerifySummary {
  /** In the range. */
  ticks: number
  verified: number
  /** Differences found; the first one ends the work. */
  wrong: number
  /** Not comparable, because the job says that its input was not whole. */
  incomplete: number
  /** Not comparable but for their headers, because the books were too large for a message. */
  gaveWay: number
  /** Seconds that the ticks say were missed. */
  missed: number
  /** Of the input, applied by the naive book. */
  records: number
  rejected: number
  /** Found, and right. */
  deadLetters: number
  /** Records whose id another partition has brought: with any, rejections may depend on arrival. */
  partitionCrossings: number
  /** Messages under other keys, and dead letters of other inputs, passed over. */
  otherKeys: number
  otherLetters: number
  from: number | null
  to: number | null
}

export class Verification {
  readonly #ports: VerifyPorts
  readonly #options: VerifyOptions
  readonly #book: NaiveBook
  readonly #replay: InputReplay
  readonly #letters: DeadLetterCheck
  readonly #counts = {
    ...{ ticks: 0, verified: 0, wrong: 0, incomplete: 0, gaveWay: 0, missed: 0, otherKeys: 0 },
  }
  #first: number | null = null
  #last: number | null = null
  /** The tick before, with what the naive book had rejected by then; `none` before the job's first. */
  #base: (Base & { readonly rejected: number }) | 'none' | 'unknown'
  #isSettling = false

  constructor(ports: VerifyPorts, options: VerifyOptions) {
    const { topic, starts } = ports.input
    this.#ports = ports
    this.#options = options
    // Where the topic's first messages are deleted, others may have come before.
    this.#base = ports.output.starts[0] === 0 ? 'none' : 'unknown'
    this.#book = new NaiveBook(options.closedWindow)
    if (options.start !== undefined) this.#book.restore(options.start.state)
    this.#letters = new DeadLetterCheck(ports.deadLetters, { topic, starts })
    this.#replay = new InputReplay(ports.input, this.#book, (record, { partition, reason }) =>
      this.#letters.passed(record, partition, reason),
    )
  }

  /**
   * Compares until the end of the range, of the topic, or until `signal` aborts.
   *
   * @throws DepthlineError VERIFY_FAILED at the first difference, LOG_LOST where the input is not whole
   */
  async run(signal: AbortSignal): Promise<void> {
    const readers = Object.values(this.#ports)
    const stop = () => void Promise.all(readers.map((reader) => reader.stop()))
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    try {
      assertReaches(this.#ports.input, this.#options.start)
      await new Promise<void>((resolve, reject) => {
        this.#letters.read().then(resolve, reject)
        this.#compareAll(signal, reject).then(resolve, reject)
      })
    } catch (error) {
      if (error instanceof DepthlineError && error.code === 'VERIFY_FAILED') this.#counts.wrong++
      throw error
    } finally {
      signal.removeEventListener('abort', stop)
      await Promise.all(readers.map((reader) => reader.stop()))
    }
  }

  /** What was done so far. */
  summary(): VerifySummary {
    const { otherKeys, ...compared } = this.#counts
    const { counts, partitionCrossings } = this.#book
    const { records, rejected } = counts
    const deadLetters = this.#letters.matched
    const range = { from: this.#first, to: this.#last }
    const otherLetters = this.#letters.others
    const read = { records, rejected, deadLetters, partitionCrossings, otherKeys, otherLetters }
    return { ...compared, ...read, ...range }
  }

  /** Outcomes follow from offsets alone: no id spans partitions, and the job knew the whole input. */
  get #isExact(): boolean {
    return this.#book.partitionCrossings === 0 && this.#counts.incomplete === 0
  }

  async #compareAll(signal: AbortSignal, fail: (error: unknown) => void): Promise<void> {
    const { to = Number.POSITIVE_INFINITY, follow, start } = this.#options
    const from = Math.max(this.#options.from ?? 0, (start?.tick ?? -1) + 1)
    let before: LogRecord | undefined
    for await (const record of this.#records()) {
      const second = secondOf(record)
      if (second > to) break
      // Later such a tick is one that came back, and wrong.
      if (second < from && this.#counts.ticks === 0) {
        before = record
        continue
      }
      if (before !== undefined) await this.#startAfter(before)
      before = undefined
      await this.#compareRecord(record, signal)
      if (signal.aborted) return
      if (follow) this.#settle(fail)
    }
    if (!signal.aborted) await this.#letters.settleLast(this.#isExact)
  }

  /** The job's ticks in the order of the topic. */
  async *#records(): AsyncGenerator<LogRecord> {
    const { output } = this.#ports
    const { follow, job } = this.#options
    const end = follow ? Number.POSITIVE_INFINITY : (await output.ends())[0]!
    for (let position = output.starts[0]!; position < end; ) {
      const piece = await output.next(0)
      if (piece === undefined) return
      for (const record of piece.records) {
        if (Number(record.offset) >= end) return
        if (new TextDecoder().decode(record.key ?? undefined) === job) yield record
        else this.#counts.otherKeys++
      }
      position = piece.position
    }
  }

  /** Takes the last tick before the range as it is, to count from; one that is none is left out. */
  async #startAfter(record: LogRecord): Promise<void> {
    const tick = readTick(record, this.#ports.input.starts.length)
    this.#base = 'unknown'
    if (typeof tick === 'string') return
    if ((await this.#replay.missingPartition(tick.offsets)) !== undefined) return
    await this.#replay.advanceTo(tick.offsets)
    this.#setBase(tick)
  }

  async #compareRecord(record: LogRecord, signal: AbortSignal): Promise<void> {
    const tick = readTick(record, this.#ports.input.starts.length)
    if (typeof tick === 'string') {
      throw wrongTick({ tick: secondOf(record), offset: record.offset }, tick)
    }
    const fault = faultOfHeaders(tick, this.#base) ?? (await this.#faultOfEnds(tick))
    if (fault !== undefined) throw wrongTick(tick, fault)
    await this.#replay.advanceTo(tick.offsets)
    if (signal.aborted) return
    this.#counts.ticks++
    this.#counts.missed += tick.missed
    // Without a snapshot the input is whole, or verify had not begun.
    if (tick.isIncomplete && this.#options.start === undefined) {
      throw wrongTick(tick, 'it says that it is incomplete, and the input is whole')
    }
    if (tick.isIncomplete) this.#counts.incomplete++
    else this.#compareBook(tick)
    this.#letters.judge(this.#isExact)
    this.#first ??= tick.tick
    this.#last = tick.tick
    this.#setBase(tick)
  }

  #setBase({ tick, offsets }: PublishedTick): void {
    this.#base = { tick, offsets, rejected: this.#book.counts.rejected }
  }

  async #faultOfEnds({ offsets }: PublishedTick): Promise<string | undefined> {
    const partition = await this.#replay.missingPartition(offsets)
    if (partition === undefined) return undefined
    const { topic } = this.#ports.input
    return `offsets names ${offsets[partition]} in partition ${partition}, where ${topic} has not so many records`
  }

  #compareBook(tick: PublishedTick): void {
    const published = tick.value
    const hasBooks = tick.gaveWayTo === undefined
    const recomputed = hasBooks ? this.#book.message(this.#options.levels) : published
    if (published !== recomputed) throw wrongTick(tick, differenceOf({ published, recomputed }))
    const crossed = JSON.stringify(this.#book.crossed())
    if (tick.crossed !== crossed) {
      throw wrongTick(tick, `crossed is ${tick.crossed} and must be ${crossed}`)
    }
    if (this.#base !== 'unknown' && this.#isExact) {
      const before = this.#base === 'none' ? 0 : this.#base.rejected
      const rejected = this.#book.counts.rejected - before
      if (tick.rejected !== rejected) {
        throw wrongTick(tick, `rejected is ${tick.rejected} and must be ${rejected}`)
      }
    }
    this.#counts[hasBooks ? 'verified' : 'gaveWay']++
  }

  /** Beside a live job: looks whether the dead letters of the ticks so far are there. */
  #settle(fail: (error: unknown) => void): void {
    if (this.#isSettling || !this.#letters.isWaiting) return
    this.#isSettling = true
    const done = () => {
      this.#isSettling = false
    }
    this.#letters.settle(this.#isExact).then(done, fail)
  }
}
