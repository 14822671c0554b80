/** The web server: every request passes the guard, then the routes, the stream or the page's files. */
import { fastify } from 'fastify'
import { errorBody, type Refusal, refusal } from './answer.js'
import { addApi, send } from './api-server.js'
import { EventLog } from './event-log.js'
import { Guard, MAX_URL, ownHosts, SECURITY_HEADERS } from './guard.js'
import { ServeMetrics } from './metrics.js'
import type { PageFile } from './page-files.js'
import { addPage } from './page-server.js'
import type { Lake, Now, TickHistory, Verified, WebLog } from './ports.js'
import { RateLimit } from './rate-limit.js'
import { RoundFeed } from './round-feed.js'
import { apiRoutes } from './routes.js'
import { EventStream, STREAM_LIMITS } from './stream.js'
import { addStream } from './stream-server.js'
import { TickFeed } from './tick-feed.js'

export interface WebPorts {
  readonly history: TickHistory
  readonly lake: Lake
  readonly log: WebLog
  readonly now: Now
  /** See {@link StatusSource}. */
  lag(): number | null
  verified(): Verified | null
  readonly page: ReadonlyMap<string, PageFile>
}

export interface WebOptions {
  readonly host: string
  /** 0 for one that is free. */
  readonly port: number
  /** Names beside its own under which it may be asked. */
  readonly allowHosts: readonly string[]
  readonly simulated: boolean
  readonly version: string
  /** Requests a second and address. */
  readonly rate: number
  /** Readers of the stream. */
  readonly streams: number
}

/** Slow senders are cut off; answers are not, for the stream has no end. */
const REQUEST_LIMIT_MS = 10_000
const MAX_HEADERS = 8 * 1024
const CHECK_MS = 1_000

export type WebServer = Awaited<ReturnType<typeof startWebServer>>

/** Listens at once; the feeds are filled by whoever reads the topics. */
export async function startWebServer(ports: WebPorts, options: WebOptions) {
  const { now, log } = ports
  const events = new EventLog()
  const ticks = new TickFeed(events)
  const rounds = new RoundFeed(events, now)
  const stream = new EventStream(events, now, { ...STREAM_LIMITS, readers: options.streams })
  const { lag, verified } = ports
  const source = { ...ports, ...options, lag, verified, events, ticks, rounds }
  const metrics = new ServeMetrics(source, stream)
  const app = makeApp(log)
  const guard = new Guard(options.allowHosts, new RateLimit(options.rate, now))
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS)
    const { method, raw, ip } = request
    const hosts = raw.headersDistinct.host ?? []
    const refused = guard.refuse({ method, url: raw.url ?? '', hosts, address: ip })
    if (refused !== undefined) {
      metrics.refused(refused.status)
      return send(reply, refused)
    }
    return undefined
  })
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none'
    metrics.answered(route, reply.statusCode, reply.elapsedTime / 1000)
  })
  const paths: string[] = []
  app.addHook('onRoute', ({ url }) => void paths.push(url))
  addApi(app, apiRoutes(source), { ...source, metrics })
  addStream(app, stream)
  addPage(app, ports.page)
  await app.listen({ host: options.host, port: options.port })
  const port = (app.server.address() as { port: number }).port
  // Only now is it known which port it is.
  guard.allow(ownHosts(options.host, port))
  const timer = setInterval(() => {
    rounds.tellOverdue()
    stream.check()
  }, CHECK_MS)
  return {
    /** Of every route. */
    paths,
    ticks,
    rounds,
    stream,
    port,
    /** After something was given to the feeds. */
    publish: () => stream.pump(),
    async close() {
      clearInterval(timer)
      stream.close()
      await app.close()
    },
  }
}

function makeApp(log: WebLog) {
  const app = fastify({
    // Node's own refusal of a request without Host has no body.
    http: { maxHeaderSize: MAX_HEADERS, requireHostHeader: false },
    requestTimeout: REQUEST_LIMIT_MS,
    keepAliveTimeout: 30_000,
    bodyLimit: 1024,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: MAX_URL },
    frameworkErrors: (_, __, reply) => {
      reply.headers(SECURITY_HEADERS)
      send(reply, refusal(400, 'the URL cannot be read'))
    },
    clientErrorHandler(error, socket) {
      if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy()
      else socket.end(rawAnswer(refusalOf(error.code)))
    },
  })
  app.server.headersTimeout = REQUEST_LIMIT_MS
  app.setNotFoundHandler((_, reply) => {
    send(reply, refusal(404, 'there is nothing here; /openapi.json lists what there is'))
  })
  app.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    const { statusCode = 500 } = error
    if (statusCode >= 400 && statusCode < 500) return send(reply, refusal(400, error.message))
    log.error({ url: request.url, error: error.stack }, 'a request failed')
    return send(reply, refusal(500, 'something went wrong here, and the log says what'))
  })
  return app
}

function refusalOf(code: string | undefined): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return refusal(431, `URL and headers are longer than ${MAX_HEADERS} bytes`)
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return refusal(408, 'the request took too long to come')
  return refusal(400, 'this is no HTTP request')
}

/** What cannot be parsed has no reply object. */
function rawAnswer(refused: Refusal): string {
  const body = JSON.stringify(errorBody(refused))
  const headers = Object.entries({
    ...SECURITY_HEADERS,
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}`)
  return [`HTTP/1.1 ${refused.status} ${errorBody(refused).error}`, ...headers, '', body].join(
    '\r\n',
  )
}
