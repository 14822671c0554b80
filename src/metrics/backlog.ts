/** How much of a log is still to be read: asked every 2 s, so that no request for a page waits for Kafka. */

const ASK_EVERY_MS = 2_000
/** What is older says nothing about now. */
const TOO_OLD_MS = 10_000

/** Asks `ask` again and again; a failure is a value that is missing. Never keeps the process from ending. */
export class Sampled<T> {
  readonly #ask: () => Promise<T>
  readonly #take: (value: T, atMs: number) => void
  #newest: { readonly value: T; readonly atMs: number } | undefined

  /** @param take called with each value */
  constructor(ask: () => Promise<T>, take: (value: T, atMs: number) => void = () => {}) {
    this.#ask = ask
    this.#take = take
  }

  start(): void {
    void this.#askOnce().finally(() => {
      setTimeout(() => this.start(), ASK_EVERY_MS).unref()
    })
  }

  get newest(): T | undefined {
    const isRecent = this.#newest && performance.now() - this.#newest.atMs <= TOO_OLD_MS
    return isRecent ? this.#newest?.value : undefined
  }

  async #askOnce(): Promise<void> {
    const atMs = performance.now()
    try {
      const value = await this.#ask()
      this.#newest = { value, atMs }
      this.#take(value, atMs)
    } catch {
      // Kafka is away, or slow: the job itself says so.
    }
  }
}

/** What a reader hands over, of which only the positions matter here. */
interface Reader<Piece> {
  readonly topic: string
  readonly starts: readonly number[]
  ends(): Promise<readonly number[]>
  next(partition: number): Promise<Piece | undefined>
  stop(): Promise<void>
}

/** How far the one partition of a log is worked through, and since when there has been more. */
export class Backlog {
  #sampled: Sampled<number> | undefined
  /** Ends of the log that are not reached yet, oldest first. */
  #ahead: { readonly end: number; readonly atMs: number }[] = []
  #done = 0

  /**
   * The same reader; a piece is worked through when the next one is asked for.
   *
   * @param end asks for the offset after the log's last record
   */
  watch<P extends { readonly position: number }>(reader: Reader<P>, end: () => Promise<number>) {
    let given = reader.starts[0] ?? 0
    this.#done = given
    this.#sampled = new Sampled(end, (value, atMs) => this.#note(value, atMs))
    this.#sampled.start()
    return {
      topic: reader.topic,
      starts: reader.starts,
      ends: () => reader.ends(),
      stop: () => reader.stop(),
      next: async (partition: number): Promise<P | undefined> => {
        this.#done = given
        const piece = await reader.next(partition)
        if (piece !== undefined) given = piece.position
        return piece
      },
    }
  }

  read(): { records: number; waitingMs: number } | undefined {
    const end = this.#sampled?.newest
    if (end === undefined) return undefined
    this.#forgetReached()
    const [oldest] = this.#ahead
    const waitingMs = oldest === undefined ? 0 : performance.now() - oldest.atMs
    return { records: Math.max(0, end - this.#done), waitingMs }
  }

  #note(end: number, atMs: number): void {
    this.#forgetReached()
    const known = this.#ahead.at(-1)?.end ?? this.#done
    if (end > known) this.#ahead.push({ end, atMs })
  }

  #forgetReached(): void {
    while (this.#ahead.length > 0 && this.#ahead[0]!.end <= this.#done) this.#ahead.shift()
  }
}
