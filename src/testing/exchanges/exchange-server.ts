/** One simulated exchange on a loopback port: it answers as the real one would, or fails as it was told to. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip, gzipSync } from 'node:zlib'
import type { Fault, Faults } from './faults.js'
import { faultyAnswer, spoiltBook } from './faulty-answers.js'
import { type SimulatedExchange, simulatedBook } from './moving-book.js'
import { type Plain, ROUTES, type Route } from './routes.js'

export interface ServerTerms {
  /** The address to listen on; {@link ExchangeServer.origin} is by loopback all the same. */
  readonly host: string
  readonly seed: number
  readonly levels: number
  readonly faults: Faults
  now(): number
}

/** Before the fault began: older than any book may be. */
const STALE_MS = 60_000

export class ExchangeServer {
  readonly exchange: SimulatedExchange
  /** Requests that came, of all markets. */
  requests = 0
  /** Of the last request. */
  headers: IncomingMessage['headers'] = {}
  /** Bytes of oversized bodies, before gzip. */
  bytesMade = 0
  readonly #terms: ServerTerms
  readonly #server: Server
  readonly #timers = new Set<NodeJS.Timeout>()
  #port = 0

  constructor(exchange: SimulatedExchange, terms: ServerTerms) {
    this.exchange = exchange
    this.#terms = terms
    this.#server = createServer((request, response) => this.#serve(request, response))
    // A client that goes away in the middle is no news.
    this.#server.on('clientError', (_error, socket) => socket.destroy())
  }

  /** Scheme, host and port. */
  get origin(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Listens, after a pause on the port that it had before. */
  async open(port = this.#port): Promise<void> {
    if (this.#server.listening) return
    this.#server.listen(port, this.#terms.host)
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Connections are refused until it is opened again. */
  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    this.requests++
    this.headers = request.headers
    const url = new URL(request.url ?? '/', this.origin)
    const route = ROUTES[this.exchange](url)
    const market = 'answer' in route ? route.market : undefined
    const met = url.searchParams.has('redirected')
      ? undefined
      : this.#terms.faults.take(this.exchange, market)
    if (this.exchange === 'coinbase' && request.headers['user-agent'] === undefined) {
      send(request, response, { status: 400, text: '{"message":"User-Agent header is required."}' })
    } else if (met === undefined) {
      send(request, response, this.#answer(route))
    } else {
      this.#fail(request, response, { ...met, route, url })
    }
  }

  #fail(
    request: IncomingMessage,
    response: ServerResponse,
    { fault, since, route, url }: { fault: Fault; since: number; route: Route | Plain; url: URL },
  ): void {
    switch (fault.kind) {
      case 'hang':
        return
      case 'reset':
        request.socket.resetAndDestroy()
        return
      case 'slow':
        this.#after((fault.seconds ?? 1) * 1000, () => {
          send(request, response, this.#answer(route))
        })
        return
      case 'cut_off':
        sendHalf(request, response, this.#answer(route))
        return
      case 'oversized':
        this.#sendEndless(request, response, fault.bytes ?? 64 * 1024 * 1024)
        return
      default: {
        const instead = faultyAnswer(this.exchange, fault, url)
        send(request, response, instead ?? this.#answer(route, fault, since))
      }
    }
  }

  #answer(route: Route | Plain, fault?: Fault, since = 0): Plain {
    if (!('answer' in route)) return route
    const { seed, levels, now } = this.#terms
    const atMs = fault?.kind === 'stale' ? since - STALE_MS : now()
    const { market } = route
    const book = simulatedBook({ seed, exchange: this.exchange, market, atMs, levels })
    return route.answer(spoiltBook(book, fault?.kind))
  }

  #after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      act()
    }, ms)
    this.#timers.add(timer)
  }

  #sendEndless(request: IncomingMessage, response: ServerResponse, bytes: number): void {
    const gzip = wantsGzip(request)
    response.writeHead(200, {
      'content-type': 'application/json',
      ...(gzip ? { 'content-encoding': 'gzip' } : {}),
    })
    const pieces = Readable.from(this.#endless(bytes))
    const way = gzip ? pipeline(pieces, createGzip(), response) : pipeline(pieces, response)
    // Whoever asked may have had enough of it.
    way.catch(() => {})
  }

  *#endless(bytes: number): Generator<Buffer> {
    const piece = Buffer.from('["1.00","1.00000000",1],'.repeat(2048))
    yield Buffer.from('{"bids":[')
    for (let made = 0; made < bytes; made += piece.length) {
      this.bytesMade += piece.length
      yield piece
    }
    yield Buffer.from('["1.00","1.00000000",1]],"asks":[]}')
  }
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, text, headers = {} }: Plain,
): void {
  const { bytes, encoding } = encoded(request, text)
  response.writeHead(status, {
    'content-type': text.startsWith('<') ? 'text/html' : 'application/json',
    'content-length': bytes.length,
    ...encoding,
    ...headers,
  })
  response.end(bytes)
}

function sendHalf(request: IncomingMessage, response: ServerResponse, { text }: Plain): void {
  const { bytes, encoding } = encoded(request, text)
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': bytes.length,
    ...encoding,
  })
  response.write(bytes.subarray(0, bytes.length / 2), () => request.socket.destroy())
}

function encoded(request: IncomingMessage, text: string) {
  if (!wantsGzip(request)) return { bytes: Buffer.from(text), encoding: {} }
  return { bytes: gzipSync(text, { level: 1 }), encoding: { 'content-encoding': 'gzip' } }
}

function wantsGzip({ headers }: IncomingMessage): boolean {
  return /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''))
}
