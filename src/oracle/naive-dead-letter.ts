/** The oracle's dead letter: what a rejected record must have become, as facts to compare. */
import { createHash } from 'node:crypto'

/** Name → what it must be: key and value as length and SHA-256, headers as they are. */
export type LetterFacts = Readonly<Record<string, string>>

export interface NaiveRejection {
  readonly reason: string
  readonly topic: string
  readonly partition: number
  readonly offset: string
  readonly timestamp: string
  readonly key: Uint8Array | null
  readonly value: Uint8Array
}

/** What the dead letter of a record must be; only the words of its `detail` are free. */
export function naiveLetterFacts(rejection: NaiveRejection): LetterFacts {
  const { reason, topic, partition, offset, timestamp, key, value } = rejection
  const place = { reason, topic, partition: String(partition), offset, timestamp }
  if (reason !== 'too_large') return { key: facts(key), value: facts(value), ...place }
  return {
    key: facts(key),
    value: facts(value.subarray(0, 1024)),
    ...place,
    length: String(value.length),
    sha256: sha256(value),
  }
}

/** What a record of the dead-letter topic is. */
export function letterFacts(letter: {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: Readonly<Record<string, string>>
}): LetterFacts {
  const { detail = '', ...headers } = letter.headers
  const isLong = detail.length > 200
  return {
    key: facts(letter.key),
    value: facts(letter.value),
    ...headers,
    ...(isLong ? { detail: `${detail.length} characters` } : {}),
  }
}

function facts(bytes: Uint8Array | null): string {
  return bytes === null ? 'null' : `${bytes.length} bytes of SHA-256 ${sha256(bytes)}`
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
