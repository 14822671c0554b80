/** The dead-letter record: what was rejected, unchanged, with the reason and the place in headers. */
import { createHash } from 'node:crypto'

/** A value that was too large is cut to this; the original is in the input at that offset. */
const CUT_BYTES = 1024

/** A rejected record with where it came from. */
export interface Rejection {
  readonly reason: string
  /** At most 200 characters, no payload. */
  readonly detail: string
  readonly topic: string
  readonly partition: number
  readonly offset: string
  /** Milliseconds since 1970, decimal text. */
  readonly timestamp: string
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
}

export function deadLetterOf(rejection: Rejection): {
  key: Uint8Array | null
  value: Uint8Array | null
  headers: Record<string, string>
} {
  const { reason, detail, topic, partition, offset, timestamp, key, value } = rejection
  const headers: Record<string, string> = {
    reason,
    detail,
    topic,
    partition: String(partition),
    offset,
    timestamp,
  }
  if (reason !== 'too_large' || value === null) return { key, value, headers }
  headers.length = String(value.length)
  headers.sha256 = createHash('sha256').update(value).digest('hex')
  // Not `slice`: that of a Node buffer would keep the whole fetch in memory for its sake.
  return { key, value: new Uint8Array(value.subarray(0, CUT_BYTES)), headers }
}
