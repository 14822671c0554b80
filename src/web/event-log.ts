/** The events of the stream, each encoded once for all readers, as far back as memory is granted. */

export interface StreamEvent {
  /** One more than that of the event before. */
  readonly seq: number
  /** Epoch second; undefined for a round. */
  readonly tick: number | undefined
  /** The whole event as it goes out. */
  readonly bytes: Uint8Array
}

export interface EventLogLimits {
  readonly ticks: number
  readonly bytes: number
}

export const EVENT_LOG_LIMITS: EventLogLimits = { ticks: 600, bytes: 64 * 1024 * 1024 }

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Readers keep a place in it instead of a queue of their own, so that a slow one costs no memory. */
export class EventLog {
  readonly #limits: EventLogLimits
  #events: StreamEvent[] = []
  #ticks = 0
  #bytes = 0
  #next = 1

  constructor(limits: EventLogLimits = EVENT_LOG_LIMITS) {
    this.#limits = limits
  }

  /** The place of the event that comes next. */
  get next(): number {
    return this.#next
  }

  /** The place of the first event that is kept. */
  get first(): number {
    return this.#events[0]?.seq ?? this.#next
  }

  get bytes(): number {
    return this.#bytes
  }

  get ticks(): number {
    return this.#ticks
  }

  pushTick(tick: number, data: string): void {
    this.#push(tick, `event: tick\nid: ${tick}\ndata: ${data}\n\n`)
  }

  pushRound(data: string): void {
    this.#push(undefined, `event: round\ndata: ${data}\n\n`)
  }

  at(seq: number): StreamEvent | undefined {
    return this.#events[seq - this.first]
  }

  /** Events from a place on. */
  from(seq: number): readonly StreamEvent[] {
    return this.#events.slice(Math.max(0, seq - this.first))
  }

  /** The first tick that is kept after `tick`. */
  tickAfter(tick: number): StreamEvent | undefined {
    return this.#events.find((event) => event.tick !== undefined && event.tick > tick)
  }

  lastTick(): StreamEvent | undefined {
    return this.#events.findLast((event) => event.tick !== undefined)
  }

  #push(tick: number | undefined, text: string): void {
    const bytes = encoder.encode(text)
    this.#events.push({ seq: this.#next++, tick, bytes })
    this.#bytes += bytes.length
    if (tick !== undefined) this.#ticks++
    const { ticks, bytes: limit } = this.#limits
    // The newest stays, however large it is.
    while (this.#events.length > 1 && (this.#ticks > ticks || this.#bytes > limit)) this.#drop()
  }

  #drop(): void {
    const event = this.#events.shift()!
    this.#bytes -= event.bytes.length
    if (event.tick !== undefined) this.#ticks--
  }
}

/** The object that a tick's event carries, read back. */
export function dataOf({ bytes }: StreamEvent): unknown {
  const text = decoder.decode(bytes)
  return JSON.parse(text.slice(text.indexOf('\ndata: ') + 7))
}
