/** Compares the dead-letter topic with the records that the naive book rejects. */
import { DepthlineError } from '../errors.js'
import { type LetterFacts, letterFacts, naiveLetterFacts } from '../oracle/naive-dead-letter.js'
import type { LogRecord, Offsets } from '../wire/records.js'
import type { LogReader } from './ports.js'

/** Reading pauses while so many letters are of records that the book has not come to. */
const MAX_EARLY = 10_000
/** Where ids span partitions, these depend on which record came first, and offsets do not tell that. */
const BY_ARRIVAL = ['symbol_changed', 'order_already_closed']

/** What was found, to be judged when the book has come to a tick's offsets. */
interface Doubt {
  readonly what: string
  readonly dependsOnArrival: boolean
}

/** A partition of the input, and what is known of its dead letters, by the record's offset. */
interface PartitionLetters {
  /** Letters of records before this are not looked at. */
  readonly start: number
  /** The book has come to here. */
  position: number
  /** Rejected by the book, not yet found in the topic. */
  readonly expected: Map<number, LetterFacts>
  /** Found in the topic, of records that the book has not come to. */
  readonly early: Map<number, LetterFacts>
  readonly matched: number[]
}

export class DeadLetterCheck {
  /** Letters that were found and are right. */
  matched = 0
  /** Letters that name another input, or none, passed over. */
  others = 0
  readonly #letters: LogReader
  /** The input's name. */
  readonly #topic: string
  readonly #partitions: PartitionLetters[]
  readonly #readTo: number[]
  #earlyCount = 0
  #doubts: Doubt[] = []
  #isLast = false
  #wake: (() => void)[] = []

  /** @param input the topic that the rejected records are in, and where the book begins in each partition */
  constructor(letters: LogReader, input: { readonly topic: string; readonly starts: Offsets }) {
    this.#letters = letters
    this.#topic = input.topic
    this.#readTo = [...letters.starts]
    this.#partitions = input.starts.map((start) => {
      return { start, position: start, expected: new Map(), early: new Map(), matched: [] }
    })
  }

  /** Reads the topic until it is stopped. */
  async read(): Promise<void> {
    await Promise.all(this.#letters.starts.map((_, partition) => this.#readPartition(partition)))
  }

  /** Takes a record that the book has applied, with why it was rejected. */
  passed(record: LogRecord, partition: number, reason: string | undefined): void {
    const known = this.#partitions[partition]!
    const offset = Number(record.offset)
    known.position = offset + 1
    const letter = known.early.size === 0 ? undefined : known.early.get(offset)
    if (letter !== undefined) {
      known.early.delete(offset)
      this.#earlyCount--
      this.#wakeAll()
    }
    if (reason !== undefined) {
      const { key, value, timestamp } = record
      const place = { topic: this.#topic, partition, offset: record.offset, timestamp }
      const expected = naiveLetterFacts({ ...place, reason, key, value: value! })
      if (letter === undefined) known.expected.set(offset, expected)
      else this.#compare(known, { offset, expected, letter })
    } else if (letter !== undefined) {
      this.#doubt(letter, NOT_REJECTED, letter)
    }
  }

  /**
   * To be called when the book has come to a tick's offsets, for only then all is known
   * of what arrived before it.
   *
   * @param isExact whether outcomes follow from offsets alone
   * @throws DepthlineError VERIFY_FAILED
   */
  judge(isExact: boolean): void {
    const doubts = this.#doubts
    this.#doubts = []
    assertNone(doubts, isExact)
  }

  /** Whether letters are waited for. */
  get isWaiting(): boolean {
    return this.#partitions.some(({ expected }) => expected.size > 0)
  }

  /**
   * Reads on to the topic's end: a dead letter is committed before its tick or with it, so
   * what is waited for by now must be there.
   *
   * @throws DepthlineError VERIFY_FAILED
   */
  async settle(isExact: boolean): Promise<void> {
    const waitedFor = this.#partitions.map(({ expected }) => [...expected.keys()])
    const ends = await this.#letters.ends()
    while (ends.some((end, partition) => this.#readTo[partition]! < end)) await this.#woken()
    // Letters may be older than what the topic keeps.
    if (this.#letters.starts.some((start) => start > 0)) return
    assertNone(this.#missing(waitedFor), isExact)
  }

  /**
   * The book goes no further: also looks for letters that no record stands behind.
   *
   * @throws DepthlineError VERIFY_FAILED
   */
  async settleLast(isExact: boolean): Promise<void> {
    this.#isLast = true
    this.#wakeAll()
    await this.settle(isExact)
    for (const { early, position } of this.#partitions) {
      for (const [offset, letter] of early) {
        if (offset < position) this.#doubt(letter, NOT_REJECTED, letter)
      }
    }
    this.judge(isExact)
  }

  async #readPartition(partition: number): Promise<void> {
    for (;;) {
      while (this.#earlyCount >= MAX_EARLY && !this.#isLast) await this.#woken()
      const piece = await this.#letters.next(partition)
      if (piece === undefined) return
      for (const record of piece.records) this.#take(record)
      this.#readTo[partition] = piece.position
      this.#wakeAll()
    }
  }

  #take(record: LogRecord): void {
    const letter = letterFacts(record)
    // Several jobs may share the topic.
    if (letter.topic !== this.#topic) {
      this.others++
      return
    }
    const known = this.#partitions[Number(letter.partition)]
    if (known === undefined || !/^\d{1,15}$/.test(letter.offset ?? '')) {
      const place = `${this.#letters.topic} at offset ${record.offset}`
      const what = `${place} names no record of ${this.#topic}: partition ${letter.partition}, offset ${letter.offset}`
      throw new DepthlineError('VERIFY_FAILED', what)
    }
    const offset = Number(letter.offset)
    if (offset < known.start) return
    const expected = known.expected.get(offset)
    if (offset >= known.position) {
      if (this.#isLast) return
      if (known.early.has(offset)) this.#doubt(letter, TWICE)
      else this.#earlyCount++
      known.early.set(offset, letter)
    } else if (expected !== undefined) {
      known.expected.delete(offset)
      this.#compare(known, { offset, expected, letter })
    } else if (known.matched.includes(offset)) {
      this.#doubt(letter, TWICE)
    } else {
      this.#doubt(letter, NOT_REJECTED, letter)
    }
  }

  #compare(
    known: PartitionLetters,
    { offset, expected, letter }: { offset: number; expected: LetterFacts; letter: LetterFacts },
  ): void {
    known.matched.push(offset)
    const names = Object.keys({ ...expected, ...letter })
    const name = names.find((fact) => letter[fact] !== expected[fact])
    if (name === undefined) {
      this.matched++
      return
    }
    const [is, must] = [letter[name] ?? 'absent', expected[name] ?? 'absent']
    this.#doubt(letter, `differs in ${name}: it is ${is} and must be ${must}`, expected, letter)
  }

  #missing(waitedFor: readonly (readonly number[])[]): Doubt[] {
    return waitedFor.flatMap((offsets, partition) => {
      const { expected } = this.#partitions[partition]!
      const facts = offsets
        .map((offset) => expected.get(offset))
        .filter((some) => some !== undefined)
      for (const { offset } of facts) expected.delete(Number(offset))
      return facts.map((fact) => this.#doubtOf(fact, `is missing (${fact.reason})`, [fact]))
    })
  }

  #doubt(letter: LetterFacts, what: string, ...judged: LetterFacts[]): void {
    this.#doubts.push(this.#doubtOf(letter, what, judged))
  }

  /** @param judged whose reasons decide whether this can come from the order of arrival */
  #doubtOf({ partition, offset }: LetterFacts, what: string, judged: LetterFacts[]): Doubt {
    const dependsOnArrival =
      judged.length > 0 && judged.every(({ reason = '' }) => BY_ARRIVAL.includes(reason))
    const where = `${this.#letters.topic}: the dead letter of ${this.#topic}[${partition}] offset ${offset}`
    return { what: `${where} ${what}`, dependsOnArrival }
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve))
  }

  #wakeAll(): void {
    const wake = this.#wake
    this.#wake = []
    for (const go of wake) go()
  }
}

const NOT_REJECTED = 'is there, and the record was not rejected'
const TWICE = 'is there twice: has another job the same --dead-letters?'

function assertNone(doubts: readonly Doubt[], isExact: boolean): void {
  const fault = doubts.find(({ dependsOnArrival }) => isExact || !dependsOnArrival)
  if (fault !== undefined) throw new DepthlineError('VERIFY_FAILED', fault.what)
}
