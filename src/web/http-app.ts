/** Fastify as the server has it: limits, and one form for every error, also of what is no HTTP at all. */
import { type FastifyRequest, fastify } from 'fastify'
import { DepthlineError } from '../errors.js'
import { errorBody, type Refusal, refusal } from './answer.js'
import { send } from './api-server.js'
import { type Guard, type GuardedRequest, MAX_URL, SECURITY_HEADERS } from './guard.js'
import type { WebLog } from './ports.js'

/** Slow senders are cut off; answers are not, for the stream has no end. */
const REQUEST_LIMIT_MS = 10_000
/** The stream says something every 15 s. */
const IDLE_LIMIT_MS = 40_000
const MAX_HEADERS = 8 * 1024
const NO_PROXY = 'GET and HEAD are all there is; this is no proxy'
/** Beside the readers of the stream. */
const MAX_OTHER_CONNECTIONS = 512

/** @param streams readers of the stream that there may be */
export function makeApp(log: WebLog, guard: Guard, streams: number) {
  const app = fastify({
    // Node's own refusal of a request without Host has no body.
    http: {
      maxHeaderSize: MAX_HEADERS,
      requireHostHeader: false,
      headersTimeout: REQUEST_LIMIT_MS,
      // Node looks this often for requests that take too long.
      connectionsCheckingInterval: 1_000,
    },
    requestTimeout: REQUEST_LIMIT_MS,
    keepAliveTimeout: 30_000,
    // Whoever takes nothing of an answer for so long is let go, and what waits for it in memory.
    connectionTimeout: IDLE_LIMIT_MS,
    maxRequestsPerSocket: 1_000,
    bodyLimit: 1024,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: MAX_URL },
    // No hook sees what cannot be decoded, but the guard must.
    frameworkErrors: (_, request, reply) => {
      reply.headers(SECURITY_HEADERS)
      send(reply, guard.refuse(guarded(request)) ?? refusal(400, 'the URL cannot be read'))
    },
    clientErrorHandler(error, socket) {
      if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy()
      else socket.end(rawAnswer(refusalOf(error.code)))
    },
  })
  // Without a listener Node closes the connection without a word.
  app.server.on('connect', (_, socket) => socket.end(rawAnswer(refusal(405, NO_PROXY))))
  app.server.maxConnections = streams + MAX_OTHER_CONNECTIONS
  app.setNotFoundHandler((_, reply) => {
    send(reply, refusal(404, 'there is nothing here; /openapi.json lists what there is'))
  })
  app.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    const { statusCode = 500 } = error
    if (statusCode >= 400 && statusCode < 500) return send(reply, refusal(400, error.message))
    if (error instanceof DepthlineError) {
      log.warn({ url: request.url, reason: error.message }, 'a request could not be answered')
      return send(reply, refusal(503, 'Kafka or the lake cannot be read just now'))
    }
    log.error({ url: request.url, error: error.stack }, 'a request failed')
    return send(reply, refusal(500, 'something went wrong here, and the log says what'))
  })
  return app
}

/** What the guard looks at. */
export function guarded({ method, raw, ip }: FastifyRequest): GuardedRequest {
  return { method, url: raw.url ?? '', hosts: raw.headersDistinct.host ?? [], address: ip }
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
