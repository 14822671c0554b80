/** A web server without Kafka for tests: its feeds are filled by hand, and it is asked over real sockets. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { readPageFiles } from '../web/page-files.js'
import type { Lake, TickRecord } from '../web/ports.js'
import { startWebServer, type WebOptions, type WebServer } from '../web/server.js'
import { analyticsRecord, depthRecord } from './lake-rounds.js'
import { Random } from './random.js'

export const FIRST_TICK = 1_700_000_000

export interface TestWeb {
  readonly server: WebServer
  readonly url: string
  readonly logged: string[]
  readonly clock: { nowMs: number }
  /** Ticks that only the topic holds. */
  readonly topic: TickRecord[]
  get(path: string, headers?: Record<string, string>): Promise<TestAnswer>
}

export interface TestAnswer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: the tests look into answers of every shape.
  readonly json: any
}

const LAKE: Lake = {
  async report(question) {
    if (question === 'depth') {
      const fixed = ['poll_at', 'market', 'exchange', 'mid_price']
      const columns = [...fixed, 'buy_price_50000', 'bids_10_bps', 'reason', 'detail']
      const book = ['2026-11-20T22:57:00Z', 'BTC-USD', 'kraken']
      const none = [...book, null, null, null, 'stale', '=1+1']
      return { columns, rows: [[...book, '34045.245', '34046.1', '7', null, null], none] }
    }
    const columns = ['poll_at', 'market', 'average_mid_price', 'exchanges', 'mid_exchanges']
    const names = ['coinbase', 'kraken']
    return { columns, rows: [['2026-11-20T22:57:00Z', 'BTC-USD', '34045.245', 2, names]] }
  },
}

export async function startWeb(
  options: Partial<WebOptions> = {},
  lake: Lake = LAKE,
): Promise<TestWeb> {
  const logged: string[] = []
  const clock = { nowMs: FIRST_TICK * 1000 }
  const say = (fields: object, message: string) => {
    logged.push(`${message} ${JSON.stringify(fields)}`)
  }
  const topic: TickRecord[] = []
  const server = await startWebServer(
    {
      history: {
        async *read() {
          yield* topic
        },
      },
      lake,
      log: { info: say, warn: say, error: say },
      now: () => clock.nowMs,
      lag: () => 7,
      verified: () => null,
      page: await readPageFiles(),
    },
    {
      ...{ host: '127.0.0.1', port: 0, allowHosts: [], simulated: false, version: '1.2.3' },
      ...{ rate: 1_000_000, streams: 256, ...options },
    },
  )
  const url = `http://127.0.0.1:${server.port}`
  const get = async (path: string, headers: Record<string, string> = {}): Promise<TestAnswer> => {
    const response = await fetch(`${url}${path}`, { headers })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.startsWith('application/json')
    const json = isJson && text !== '' ? JSON.parse(text) : undefined
    return { status: response.status, headers: response.headers, text, json }
  }
  return { server, url, logged, clock, topic, get }
}

/** A tick with three levels a side in two symbols, every digit of which says which tick it is. */
export function tickRecord(tick: number, more: Partial<TickRecord> = {}): TickRecord {
  const rows = ['BTC-USDT', 'ETH/USD'].flatMap((symbol) =>
    [1, 2, 3].flatMap((rank) => [
      row(symbol, `buy_${rank}`, `${1000 - rank}.${tick % 1000}1`),
      row(symbol, `sell_${rank}`, `${1000 + rank}.00000000000000000${tick % 9}1`),
    ]),
  )
  const headers = {
    ...{ tick: String(tick), missed: '0', rejected: '1', crossed: '[]', version: '1' },
    offsets: JSON.stringify({ 0: tick * 100, 1: 50 }),
  }
  return { text: `[${rows.join(',')}]`, headers, timestampMs: tick * 1000, ...more }
}

function row(symbol: string, side: string, price: string): string {
  return `{"symbol":"${symbol}","side":"${side}","price":${price},"amount":2.5,"total":1.5,"cum_sum":1234567890123456789.000000000000000001}`
}

/** Gives the server ticks, as if they came in time. */
export function giveTicks({ server, clock }: TestWeb, first: number, count: number): void {
  for (let tick = first; tick < first + count; tick++) {
    clock.nowMs = tick * 1000 + 12
    server.ticks.state = { kind: 'live' }
    server.ticks.take(tickRecord(tick), clock.nowMs)
    server.publish()
  }
}

/** A round of two markets and two exchanges. */
export function giveRound({ server }: TestWeb, pollAt: number, isNew = true): void {
  const random = new Random(pollAt / 1000)
  for (const state of ['analytics', 'depth'] as const)
    server.rounds.states[state] = { kind: 'live' }
  for (const market of ['BTC-USD', 'ETH-USD']) {
    server.rounds.takeAnalytics(analyticsRecord(pollAt, market, random), isNew)
    for (const exchange of ['coinbase', 'kraken']) {
      server.rounds.takeDepth(depthRecord(pollAt, exchange, market, random), isNew)
    }
  }
  server.publish()
}

/** Sends bytes as they are and gives what comes back until the connection ends, or it has been silent for a while. */
export async function sendRaw(
  port: number,
  bytes: string | Uint8Array,
  silenceMs = 500,
): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.setEncoding('latin1').on('data', (text) => {
    answer += text
  })
  socket.on('error', () => {})
  socket.setTimeout(silenceMs, () => socket.destroy())
  socket.write(bytes)
  await once(socket, 'close')
  return answer
}

export interface SentEvent {
  readonly event: string
  readonly id: string | undefined
  // biome-ignore lint/suspicious/noExplicitAny: see TestAnswer.
  readonly data: any
}

/** A reader of the stream. */
export class StreamReader {
  readonly events: SentEvent[] = []
  comments = 0
  isOver = false
  readonly #controller = new AbortController()
  #wake: () => void = () => {}

  static async open(url: string, headers: Record<string, string> = {}): Promise<StreamReader> {
    const reader = new StreamReader()
    const response = await fetch(url, { headers, signal: reader.#controller.signal })
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
    reader.#read(response).catch(() => {
      reader.isOver = true
      reader.#wake()
    })
    return reader
  }

  /** The first so many events; rejects where they do not come. */
  async take(count: number, isWanted = (_: SentEvent) => true): Promise<SentEvent[]> {
    const limitMs = Date.now() + 10_000
    for (;;) {
      const found = this.events.filter(isWanted)
      if (found.length >= count) return found.slice(0, count)
      if (this.isOver || Date.now() > limitMs) throw new Error(`only ${JSON.stringify(found)}`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        setTimeout(resolve, 1_000).unref()
      })
    }
  }

  close(): void {
    this.#controller.abort()
  }

  async #read(response: Response): Promise<void> {
    let rest = ''
    const decoder = new TextDecoder()
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n\n')
      rest = parts.pop()!
      for (const part of parts) this.#take(part)
      this.#wake()
    }
    this.isOver = true
    this.#wake()
  }

  #take(part: string): void {
    if (part.startsWith(':')) this.comments++
    const fields = new Map(
      part.split('\n').map((line): [string, string] => {
        const at = line.indexOf(':')
        return [line.slice(0, at), line.slice(at + 2)]
      }),
    )
    const data = fields.get('data')
    if (data === undefined) return
    const event = fields.get('event') ?? 'message'
    this.events.push({ event, id: fields.get('id'), data: JSON.parse(data) })
  }
}
