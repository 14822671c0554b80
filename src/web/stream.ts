/** The readers of the stream: each has a place in the shared events, and whoever does not keep up is dropped. */
import type { EventLog } from './event-log.js'
import type { Now } from './ports.js'

/** What a reader writes to: a response of node:http. */
export interface ReaderOutput {
  /** False where no more should be written until `drain`. */
  write(bytes: Uint8Array | string): boolean
  once(event: 'close', listener: () => void): unknown
  on(event: 'drain' | 'error', listener: () => void): unknown
  end(): void
  destroy(): void
}

export interface StreamLimits {
  readonly readers: number
  /** What may come in while a reader takes nothing. */
  readonly behindBytes: number
  readonly behindMs: number
}

export const STREAM_LIMITS: StreamLimits = {
  readers: 256,
  behindBytes: 1024 * 1024,
  behindMs: 5_000,
}

/** Proxies and browsers take silence for a lost connection. */
const HEARTBEAT_MS = 15_000
const HEARTBEAT = ': still here\n\n'
/** How soon a browser connects again. */
const HELLO = 'retry: 1000\n\n'

export interface StreamCounts {
  opened: number
  dropped: number
  events: number
  bytes: number
}

/** All readers of one event log. */
export class EventStream {
  readonly counts: StreamCounts = { opened: 0, dropped: 0, events: 0, bytes: 0 }
  readonly #log: EventLog
  readonly #now: Now
  readonly #limits: StreamLimits
  readonly #readers = new Set<Reader>()

  constructor(log: EventLog, now: Now, limits: StreamLimits = STREAM_LIMITS) {
    this.#log = log
    this.#now = now
    this.#limits = limits
  }

  get open(): number {
    return this.#readers.size
  }

  get isFull(): boolean {
    return this.#readers.size >= this.#limits.readers
  }

  /** @param last the tick that the reader saw last; undefined where it begins */
  add(output: ReaderOutput, last: number | undefined): void {
    const reader = new Reader(output, this.#log, this.#now)
    this.#readers.add(reader)
    this.counts.opened++
    output.once('close', () => this.#remove(reader))
    // A connection that breaks closes too; without a listener its error would end the process.
    output.on('error', () => output.destroy())
    output.on('drain', () => reader.drained())
    reader.begin(last)
  }

  /** Gives every reader what has come since; those that do not take it are dropped. */
  pump(): void {
    for (const reader of this.#readers) {
      reader.pump()
      if (reader.isBehind(this.#limits)) this.#drop(reader)
    }
  }

  /** Called every second: drops by time, keeps connections alive. */
  check(): void {
    this.pump()
    for (const reader of this.#readers) reader.keepAlive()
  }

  close(): void {
    for (const reader of this.#readers) reader.output.end()
  }

  #drop(reader: Reader): void {
    this.counts.dropped++
    this.#remove(reader)
    reader.output.destroy()
  }

  #remove(reader: Reader): void {
    if (!this.#readers.delete(reader)) return
    this.counts.events += reader.events
    this.counts.bytes += reader.bytes
  }
}

class Reader {
  readonly output: ReaderOutput
  events = 0
  bytes = 0
  readonly #log: EventLog
  readonly #now: Now
  /** The event that it gets next. */
  #place = 0
  /** Set while it does not take what it was given. */
  #blocked: { readonly sinceMs: number; readonly place: number } | undefined
  #writtenMs = 0
  /** The tick that it was given last; 0 before the first. */
  #lastTick = 0

  constructor(output: ReaderOutput, log: EventLog, now: Now) {
    this.output = output
    this.#log = log
    this.#now = now
  }

  begin(last: number | undefined): void {
    this.#write(HELLO)
    const newest = this.#log.lastTick()
    if (last === undefined || last > (newest?.tick ?? 0)) {
      // It sees the books at once, and needs not wait for the next second.
      this.#place = newest?.seq ?? this.#log.next
    } else {
      const oldest = this.#log.tickAfter(0)
      if (oldest?.tick !== undefined && last + 1 < oldest.tick) {
        this.#tellGap(last + 1, oldest.tick - 1)
      }
      this.#lastTick = last
      this.#place = this.#log.tickAfter(last)?.seq ?? this.#log.next
    }
    this.pump()
  }

  drained(): void {
    this.#blocked = undefined
    this.pump()
  }

  /** Writes until it is up to date or takes no more. */
  pump(): void {
    this.#skipForgotten()
    while (this.#blocked === undefined) {
      const event = this.#log.at(this.#place)
      if (event === undefined) return
      this.#place++
      this.events++
      this.#lastTick = event.tick ?? this.#lastTick
      this.#write(event.bytes)
    }
  }

  keepAlive(): void {
    if (this.#blocked === undefined && this.#now() - this.#writtenMs >= HEARTBEAT_MS) {
      this.#write(HEARTBEAT)
    }
  }

  /** A reader that resumes has far to go; what counts is what came in while it took nothing. */
  isBehind({ behindBytes, behindMs }: StreamLimits): boolean {
    if (this.#blocked === undefined) return false
    if (this.#now() - this.#blocked.sinceMs > behindMs) return true
    let bytes = 0
    for (const event of this.#log.from(this.#blocked.place)) bytes += event.bytes.length
    return bytes > behindBytes
  }

  /** Where memory has moved on past its place, it is told what it will not get. */
  #skipForgotten(): void {
    const { first } = this.#log
    if (this.#place >= first || this.#blocked !== undefined) return
    this.#place = first
    const oldest = this.#log.tickAfter(0)?.tick
    if (oldest !== undefined && this.#lastTick > 0) this.#tellGap(this.#lastTick + 1, oldest - 1)
  }

  #tellGap(from: number, to: number): void {
    this.#write(`event: gap\ndata: ${JSON.stringify({ from, to })}\n\n`)
  }

  #write(bytes: Uint8Array | string): void {
    this.bytes += bytes.length
    this.#writtenMs = this.#now()
    if (this.output.write(bytes)) return
    this.#blocked = { sinceMs: this.#now(), place: this.#log.next }
  }
}
