/** The judge of `run`: reads what was published and what came in, and says whether the promise was kept. */

import { NaiveBook } from '../oracle/naive-book.js'
import { judgeDeadLetters, type LetterVerdict } from './judge-dead-letters.js'
import { endsOf, type PlainRecord, plainKafka, readWhole } from './plain-topic.js'

export interface Evidence {
  /** Keyed by order id, so that partitions may be applied in any order. */
  readonly input: readonly PlainRecord[]
  readonly output: readonly PlainRecord[]
  readonly deadLetters: readonly PlainRecord[]
  readonly inputTopic: string
  /** Where each partition of the input ends. */
  readonly ends: readonly number[]
  readonly job: string
  /** Values that Kafka has acknowledged, by `partition:offset`. */
  readonly acknowledged?: ReadonlyMap<string, string>
  readonly levels?: number
}

export interface Verdict extends LetterVerdict {
  ticks: number
  /** Ticks of which everything is right: value, order, headers. */
  verified: number
  /** Ticks whose value is not the book below their offsets. */
  wrong: number
  duplicate: number
  /** Ticks or offsets that go back. */
  backward: number
  missed: number
  missedReported: number
  rejected: number
  rejectedReported: number
  /** Acknowledged events that the input does not hold. */
  lostEvents: number
  /** Records of the input above the last tick. */
  unapplied: number
  /** What is wrong, in words; the first of them. */
  findings: string[]
}

const KEPT_FINDINGS = 20
const LEVELS = 15

export interface JudgedTopics {
  readonly brokers: string
  readonly input: string
  readonly output: string
  readonly deadLetters: string
  readonly acknowledged?: ReadonlyMap<string, string>
}

/** Reads all three topics anew and judges them; the job must have come to the end of its input. */
export async function judge({ brokers, ...topics }: JudgedTopics): Promise<Verdict> {
  const kafka = plainKafka(brokers)
  return judgeEvidence({
    input: await readWhole(kafka, topics.input),
    output: await readWhole(kafka, topics.output),
    deadLetters: await readWhole(kafka, topics.deadLetters),
    inputTopic: topics.input,
    ends: await endsOf(kafka, topics.input),
    job: topics.output,
    ...(topics.acknowledged === undefined ? {} : { acknowledged: topics.acknowledged }),
  })
}

export function judgeEvidence(evidence: Evidence): Verdict {
  const hearing = new Hearing(evidence)
  for (const record of evidence.output) hearing.hear(record)
  return hearing.close()
}

/** Goes through the ticks with a naive book beside them. */
class Hearing {
  readonly #evidence: Evidence
  readonly #byPartition: PlainRecord[][]
  readonly #book = new NaiveBook()
  readonly #applied: number[]
  readonly #seen = new Set<number>()
  /** Why each rejected record was rejected, by `partition:offset`. */
  readonly #reasons = new Map<string, string>()
  readonly #findings: string[] = []
  readonly #counts = {
    ...{ ticks: 0, verified: 0, wrong: 0, duplicate: 0, backward: 0, missed: 0 },
    ...{ missedReported: 0, rejectedReported: 0 },
  }
  #last: { tick: number; offsets: readonly number[] } | undefined
  #problems = 0

  constructor(evidence: Evidence) {
    this.#evidence = evidence
    this.#byPartition = evidence.ends.map((_, partition) =>
      evidence.input.filter((record) => record.partition === partition),
    )
    this.#applied = evidence.ends.map(() => 0)
  }

  hear(record: PlainRecord): void {
    const before = this.#problems
    const tick = Number(record.headers.tick)
    const offsets = this.#offsetsOf(record)
    this.#counts.ticks++
    this.#checkOrder(tick, offsets)
    this.#checkForm(record, tick)
    const rejectedBefore = this.#book.counts.rejected
    this.#applyTo(offsets)
    this.#checkBook(record, tick)
    this.#checkRejected(record, this.#book.counts.rejected - rejectedBefore)
    this.#seen.add(tick)
    this.#last = { tick, offsets }
    if (this.#problems === before) this.#counts.verified++
  }

  close(): Verdict {
    const { ends, acknowledged = new Map(), input } = this.#evidence
    const published = [...this.#applied]
    const unapplied = input.filter(({ partition, offset }) => offset >= published[partition]!)
    if (unapplied.length > 0) this.#find(`${unapplied.length} records came into no tick`)
    const values = new Map(input.map((record) => [placeOf(record), String(record.value)]))
    const lost = [...acknowledged].filter(([place, value]) => values.get(place) !== value)
    if (lost.length > 0) this.#find(`${lost.length} acknowledged events are lost, as ${lost[0]}`)
    // Records behind the last tick are judged too: each rejected one needs its dead letter.
    this.#applyTo(ends)
    const letters = judgeDeadLetters(this.#evidence, this.#reasons, (text) => this.#find(text))
    return {
      ...this.#counts,
      ...letters,
      rejected: this.#book.counts.rejected,
      lostEvents: lost.length,
      unapplied: unapplied.length,
      findings: this.#findings,
    }
  }

  #offsetsOf({ offset, headers }: PlainRecord): number[] {
    const { ends } = this.#evidence
    const byPartition = JSON.parse(headers.offsets ?? '{}')
    const names = Object.keys(byPartition).join()
    if (names !== [...ends.keys()].join()) this.#find(`record ${offset}: partitions ${names}`)
    return ends.map((end, partition) => {
      const next = Number(byPartition[partition])
      if (next >= 0 && next <= end) return next
      this.#find(`record ${offset}: offset ${next} of ${end} in partition ${partition}`)
      return this.#applied[partition]!
    })
  }

  #checkOrder(tick: number, offsets: readonly number[]): void {
    if (this.#seen.has(tick)) {
      this.#counts.duplicate++
      this.#find(`tick ${tick} came twice`)
    } else if (this.#last !== undefined && !(tick > this.#last.tick)) {
      this.#counts.backward++
      this.#find(`tick ${tick} came after ${this.#last.tick}`)
    }
    if (!offsets.some((next, partition) => next < (this.#last?.offsets[partition] ?? 0))) return
    this.#counts.backward++
    this.#find(`tick ${tick}: its offsets ${offsets} go back from ${this.#last?.offsets}`)
  }

  #checkForm({ key, timestampMs, headers }: PlainRecord, tick: number): void {
    if (String(key) !== this.#evidence.job) this.#find(`tick ${tick}: its key is ${key}`)
    if (timestampMs !== tick * 1000) this.#find(`tick ${tick}: its time is ${timestampMs}`)
    const missed = this.#last === undefined ? 0 : Math.max(0, tick - this.#last.tick - 1)
    const reported = Number(headers.missed)
    this.#counts.missed += missed
    this.#counts.missedReported += reported
    if (missed !== reported) this.#find(`tick ${tick}: missed ${missed}, reports ${reported}`)
  }

  #checkBook({ value, headers }: PlainRecord, tick: number): void {
    if (String(value) !== this.#book.message(this.#evidence.levels ?? LEVELS)) {
      this.#counts.wrong++
      this.#find(`tick ${tick}: it is not the book below ${headers.offsets}`)
    }
    const crossed = JSON.stringify(this.#book.crossed())
    if (headers.crossed !== crossed) this.#find(`tick ${tick}: crossed is ${headers.crossed}`)
  }

  #checkRejected({ headers }: PlainRecord, rejected: number): void {
    const reported = Number(headers.rejected)
    this.#counts.rejectedReported += reported
    if (rejected !== reported) {
      this.#find(`tick ${headers.tick}: rejected ${rejected}, reports ${reported}`)
    }
  }

  /** Offsets that go back stay where they are: the book cannot. */
  #applyTo(offsets: readonly number[]): void {
    for (const [partition, records] of this.#byPartition.entries()) {
      const from = records.findIndex(({ offset }) => offset >= this.#applied[partition]!)
      for (let index = from; index >= 0 && index < records.length; index++) {
        const record = records[index]!
        if (record.offset >= offsets[partition]!) break
        const rejected = this.#book.counts.rejected
        const outcome = this.#book.accept(record.value, partition)
        if (this.#book.counts.rejected > rejected) this.#reasons.set(placeOf(record), outcome)
      }
      this.#applied[partition] = Math.max(this.#applied[partition]!, offsets[partition]!)
    }
  }

  #find(text: string): void {
    this.#problems++
    if (this.#findings.length < KEPT_FINDINGS) this.#findings.push(text)
  }
}

function placeOf({ partition, offset }: PlainRecord): string {
  return `${partition}:${offset}`
}

/** Whether the promise was kept in every point. */
export function isKept(verdict: Verdict): boolean {
  return verdict.findings.length === 0 && verdict.ticks > 0
}
