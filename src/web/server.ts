/** The web server: every request passes the guard, then the routes, the stream or the page's files. */
import type { FastifyInstance } from 'fastify'
import { addApi, send } from './api-server.js'
import { EventLog } from './event-log.js'
import { Guard, ownHosts, SECURITY_HEADERS } from './guard.js'
import { guarded, makeApp } from './http-app.js'
import { ServeMetrics } from './metrics.js'
import type { PageFile } from './page-files.js'
import { addPage } from './page-server.js'
import type { Lake, Now, TickHistory, Verified, WebLog } from './ports.js'
import { RateLimit } from './rate-limit.js'
import { RoundFeed } from './round-feed.js'
import { apiRoutes } from './routes.js'
import { EventStream, STREAM_LIMITS } from './stream.js'
import { addStream } from './stream-server.js'
import type { Tick } from './tick.js'
import { TickFeed } from './tick-feed.js'

export interface WebPorts {
  readonly history: TickHistory
  readonly lake: Lake
  readonly log: WebLog
  readonly now: Now
  /** See {@link StatusSource}. */
  lag(newest: Tick | undefined): number | null
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

const CHECK_MS = 1_000

export type WebServer = Awaited<ReturnType<typeof startWebServer>>

/** Listens at once; the feeds are filled by whoever reads the topics. */
export async function startWebServer(ports: WebPorts, options: WebOptions) {
  const { now } = ports
  const events = new EventLog()
  const ticks = new TickFeed(events)
  const rounds = new RoundFeed(events, now)
  const stream = new EventStream(events, now, { ...STREAM_LIMITS, readers: options.streams })
  const source = { ...ports, ...options, events, ticks, rounds }
  const metrics = new ServeMetrics(source, stream)
  const guard = new Guard(options.allowHosts, new RateLimit(options.rate, now))
  const app = makeApp(ports.log, guard, options.streams)
  guardRequests(app, guard, metrics)
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

function guardRequests(app: FastifyInstance, guard: Guard, metrics: ServeMetrics): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS)
    const refused = guard.refuse(guarded(request))
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
}
