/** The routes of the API, health and metrics on fastify. */
import type { FastifyInstance, FastifyReply } from 'fastify'
import { type Answer, errorBody, isRefusal, type Refusal } from './answer.js'
import { csvAnswer } from './csv-answer.js'
import type { ServeMetrics } from './metrics.js'
import { openApiDocument } from './openapi.js'
import { readParameters } from './parameters.js'
import type { Now } from './ports.js'
import type { Route } from './routes.js'
import { readiness, type StatusSource } from './status.js'

export interface ApiExtras extends StatusSource {
  readonly metrics: ServeMetrics
  readonly now: Now
}

export function addApi(app: FastifyInstance, routes: readonly Route[], extras: ApiExtras): void {
  for (const route of routes) {
    app.get(route.path.replaceAll(/\{(\w+)\}/g, ':$1'), async (request, reply) => {
      // A name in the path is no parameter of the query, whatever the query says.
      const given = { ...(request.query as object), ...(request.params as object) }
      const answer = await route.answer(given)
      const isCsv = route.hasTable && (given as { format?: unknown }).format === 'csv'
      return send(reply, answer, isCsv)
    })
  }
  const { metrics, now, version } = extras
  const document = openApiDocument(routes, version)
  const plain: Record<string, () => { status: number; body: unknown }> = {
    '/openapi.json': () => ({ status: 200, body: document }),
    '/livez': () => ({ status: 200, body: { alive: true } }),
    '/readyz': () => {
      const body = readiness(extras, now())
      return { status: body.ready ? 200 : 503, body }
    },
  }
  for (const [path, answer] of Object.entries(plain)) {
    app.get(path, async (request, reply) => {
      const read = readParameters({}, request.query as Record<string, unknown>)
      if (!('values' in read)) return send(reply, read)
      const { status, body } = answer()
      return reply.code(status).send(body)
    })
  }
  app.get('/metrics', async (_, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  )
}

export function send(reply: FastifyReply, answer: Answer | Refusal, isCsv = false): FastifyReply {
  if (isRefusal(answer)) {
    if (answer.status === 429) reply.header('retry-after', '1')
    if (answer.status === 405) reply.header('allow', 'GET, HEAD')
    return reply.code(answer.status).send(errorBody(answer))
  }
  if (!isCsv || answer.table === undefined)
    return reply.type(JSON_TYPE).send(JSON.stringify(answer.body))
  return reply.type('text/csv; charset=utf-8').send(csvAnswer(answer.table()))
}

const JSON_TYPE = 'application/json; charset=utf-8'
