/** Whether the input is still the log that was read: by the last record of each partition. */
import { recordHash } from '../wire/progress.js'
import type { InputRecord } from '../wire/records.js'
import { lostLog } from './lost-log.js'

export class LogIdentity {
  readonly #topic: string
  /** By partition, the last record applied, or its hash where another process applied it. */
  readonly #last: (InputRecord | string)[]

  /** @param hashes by partition, that of the last record applied; '' where it is not known */
  constructor(topic: string, hashes: readonly string[]) {
    this.#topic = topic
    this.#last = [...hashes]
  }

  /** For each partition the hash of the last record applied; '' where it is not known. */
  get hashes(): string[] {
    return this.#last.map(hashOf)
  }

  note(partition: number, last: InputRecord): void {
    this.#last[partition] = last
  }

  /**
   * Reading goes on at the last record after a break, so a log made anew does not go unnoticed.
   *
   * @throws DepthlineError LOG_LOST where `record` is not the one that was applied last
   */
  assertSame(partition: number, record: InputRecord): void {
    const known = hashOf(this.#last[partition]!)
    if (known === '' || known === recordHash(record)) return
    const place = `${this.#topic}[${partition}]`
    throw lostLog(`${place} holds another record at offset ${record.offset} than it did`)
  }

  /**
   * What another process has read up to `limit` must be there again, up to the last record.
   *
   * @param position the offset after the last record applied
   * @param next the offset of the record that came
   * @throws DepthlineError LOG_LOST
   */
  assertNoGap(
    partition: number,
    { position, limit, next }: { position: number; limit: number; next: number },
  ): void {
    if (position >= limit) return
    throw lostLog(
      `${this.#topic}[${partition}] goes on at offset ${next} after ${position - 1}, and ${limit - 1} was read before (is the topic compacted?)`,
    )
  }
}

function hashOf(last: InputRecord | string): string {
  return typeof last === 'string' ? last : recordHash(last)
}
