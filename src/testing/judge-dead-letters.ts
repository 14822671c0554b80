/** The judge's view of dead letters: one for each rejected record, with its bytes and where it came from. */
import { createHash } from 'node:crypto'
import type { PlainRecord } from './plain-topic.js'

export interface LetterVerdict {
  deadLetters: number
  /** Rejected records without a dead letter. */
  lettersMissing: number
  lettersTwice: number
  /** Dead letters that are not what was rejected, or of a record that was not. */
  lettersWrong: number
}

interface Letters {
  readonly inputTopic: string
  readonly input: readonly PlainRecord[]
  readonly deadLetters: readonly PlainRecord[]
}

const CUT_BYTES = 1024

/** @param reasons why each rejected record of the input was rejected, by `partition:offset` */
export function judgeDeadLetters(
  { inputTopic, input, deadLetters }: Letters,
  reasons: ReadonlyMap<string, string>,
  find: (text: string) => void,
): LetterVerdict {
  const verdict = { deadLetters: deadLetters.length, lettersTwice: 0, lettersWrong: 0 }
  const rejected = new Map(
    input
      .map((record): [string, PlainRecord] => [`${record.partition}:${record.offset}`, record])
      .filter(([place]) => reasons.has(place)),
  )
  const seen = new Set<string>()
  for (const letter of deadLetters) {
    const place = `${letter.headers.partition}:${letter.headers.offset}`
    const record = rejected.get(place)
    if (seen.has(place)) {
      verdict.lettersTwice++
      find(`the record at ${place} has two dead letters`)
    } else if (record === undefined) {
      verdict.lettersWrong++
      find(`the record at ${place} has a dead letter and was not rejected`)
    } else if (!isLetterOf(letter, record, { inputTopic, reason: reasons.get(place)! })) {
      verdict.lettersWrong++
      find(`the dead letter of ${place} is not the record that was rejected`)
    }
    seen.add(place)
  }
  const missing = [...rejected.keys()].filter((place) => !seen.has(place))
  if (missing.length > 0)
    find(`${missing.length} rejected records without dead letter: ${missing[0]}`)
  return { ...verdict, lettersMissing: missing.length }
}

function isLetterOf(
  { key, value, headers }: PlainRecord,
  record: PlainRecord,
  expected: { inputTopic: string; reason: string },
): boolean {
  const isFromThere =
    headers.topic === expected.inputTopic &&
    headers.reason === expected.reason &&
    headers.timestamp === String(record.timestampMs)
  if (!isFromThere || !isSame(key, record.key)) return false
  if (expected.reason !== 'too_large') return isSame(value, record.value)
  const bytes = record.value ?? Buffer.alloc(0)
  return (
    isSame(value, bytes.subarray(0, CUT_BYTES)) &&
    headers.length === String(bytes.length) &&
    headers.sha256 === createHash('sha256').update(bytes).digest('hex')
  )
}

function isSame(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b)
}
