/** A job's small server beside its work: `/metrics`, `/livez`, `/readyz`, and nothing else. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, isIP } from 'node:net'
import { DepthlineError } from '../errors.js'

/** A page so young is given again, so that no number of askers takes time from the job. */
const KEEP_MS = 200
const LIMIT_MS = 5_000
const MAX_CONNECTIONS = 64
const MAX_HEADER_BYTES = 8 * 1024

const TEXT = 'text/plain; charset=utf-8'
const JSON_TEXT = 'application/json; charset=utf-8'
const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8'
const SAFETY = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

export interface HealthServerOptions {
  readonly host: string
  /** 0 for one that is free. */
  readonly port: number
  /** Names that it may be asked by, besides `localhost`, the host above and any address. */
  readonly allowHost: readonly string[]
  /** In Prometheus's text format. */
  page(): Promise<string>
  /** Undefined where the job is well. */
  whyNotReady(): string | undefined
}

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Serves until the process ends, and never keeps it from ending.
 *
 * @returns where it listens
 * @throws DepthlineError USAGE where it cannot listen there
 */
export async function startHealthServer(options: HealthServerOptions) {
  const { host, port } = options
  const answer = answerer(options)
  const limits = { requestTimeout: LIMIT_MS, headersTimeout: LIMIT_MS, keepAliveTimeout: LIMIT_MS }
  const server = createServer(
    { ...limits, maxHeaderSize: MAX_HEADER_BYTES },
    (request, response) => {
      void answer(request).then((given) => send(response, given))
    },
  )
  server.maxConnections = MAX_CONNECTIONS
  server.on('connection', (socket) => socket.unref())
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(cannotListen(options, cause)))
    server.listen({ host, port }, resolve)
  })
  server.unref()
  // What goes wrong with a connection is its asker's affair.
  server.on('error', () => {})
  const stop = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { port: (server.address() as AddressInfo).port, stop }
}

function cannotListen({ host, port }: HealthServerOptions, cause: NodeJS.ErrnoException) {
  const reasons: Record<string, string> = {
    EADDRINUSE: 'another process listens there',
    EADDRNOTAVAIL: 'this machine has no such address',
    EACCES: 'this user may not listen there',
    ENOTFOUND: 'there is no such host',
  }
  const reason = reasons[cause.code ?? ''] ?? cause.message
  const address = host.includes(':') ? `[${host}]` : host
  return new DepthlineError('USAGE', `--http ${address}:${port}: ${reason}`, { cause })
}

function answerer(options: HealthServerOptions) {
  const metrics = kept(options.page)
  const names = new Set(['localhost', options.host, ...options.allowHost].map(lowerCase))
  const routes: Record<string, () => Answer | Promise<Answer>> = {
    '/metrics': async () => ({ status: 200, type: PROMETHEUS_TEXT, body: await metrics() }),
    '/livez': () => ({ status: 200, type: TEXT, body: 'alive\n' }),
    '/readyz': () => readiness(options.whyNotReady()),
  }
  return async ({ method, headers, url = '' }: IncomingMessage): Promise<Answer> => {
    try {
      if (!isAllowedHost(headers.host ?? '', names)) {
        return failed(421, 'misdirected_request', 'not by this name; --allow-host allows one')
      }
      if (method !== 'GET' && method !== 'HEAD') {
        const headers = { allow: 'GET, HEAD' }
        return { ...failed(405, 'method_not_allowed', 'GET and HEAD only'), headers }
      }
      const [path = ''] = url.split('?')
      const route = Object.hasOwn(routes, path) ? routes[path] : undefined
      if (route === undefined) {
        return failed(404, 'not_found', 'there are /metrics, /livez and /readyz')
      }
      return await route()
    } catch {
      return failed(500, 'internal_error', 'the page could not be made')
    }
  }
}

/** A page in some other site's browser may ask by a name that leads here, but not by an address. */
function isAllowedHost(header: string, names: ReadonlySet<string>): boolean {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\]|([^:]+))(?::\d{1,5})?$/.exec(header) ?? []
  const host = bracketed ?? plain ?? ''
  return isIP(host) !== 0 || names.has(host.toLowerCase()) || names.has(header.toLowerCase())
}

function readiness(why: string | undefined): Answer {
  if (why !== undefined) return failed(503, 'not_ready', why)
  return { status: 200, type: TEXT, body: 'ready\n' }
}

function failed(status: number, error: string, message: string): Answer {
  return { status, type: JSON_TEXT, body: `${JSON.stringify({ error, message })}\n` }
}

function send(response: ServerResponse, { status, type, body, headers = {} }: Answer): void {
  const length = String(Buffer.byteLength(body))
  response.writeHead(status, {
    ...SAFETY,
    ...headers,
    'content-type': type,
    'content-length': length,
  })
  // Node leaves the body of an answer to HEAD away.
  response.end(body)
}

/** Makes one page at a time, and gives it to all who ask within {@link KEEP_MS}. */
function kept(make: () => Promise<string>): () => Promise<string> {
  let page: Promise<string> | undefined
  let madeAt = Number.NEGATIVE_INFINITY
  return () => {
    const now = performance.now()
    if (page === undefined || now - madeAt > KEEP_MS) {
      madeAt = now
      page = make()
    }
    return page
  }
}

function lowerCase(text: string): string {
  return text.toLowerCase()
}
