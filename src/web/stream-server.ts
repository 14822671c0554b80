/** `/api/v1/stream` on fastify: the checks, and then the raw response belongs to the stream. */
import type { FastifyInstance } from 'fastify'
import { refusal } from './answer.js'
import { send } from './api-server.js'
import { type Parameter, readParameters } from './parameters.js'
import type { EventStream } from './stream.js'

const last: Parameter<number | undefined> = {
  in: 'query',
  description: 'The tick after which to go on.',
  schema: { type: 'integer' },
  required: false,
  expected: 'an epoch second',
  read(given) {
    if (given === undefined || given === '') return { value: undefined }
    return /^\d{1,13}$/.test(given) ? { value: Number(given) } : undefined
  },
}

export function addStream(app: FastifyInstance, stream: EventStream): void {
  // A HEAD of something without end would be open for ever.
  app.head('/api/v1/stream', async (_, reply) => reply.type('text/event-stream').send())
  app.get('/api/v1/stream', { exposeHeadRoute: false }, async (request, reply) => {
    const query = readParameters({ last }, request.query as Record<string, unknown>)
    if (!('values' in query)) return send(reply, query)
    const header = readParameters({ last }, { last: request.headers['last-event-id'] })
    if (!('values' in header))
      return send(reply, { ...header, message: `Last-Event-ID: expected ${last.expected}` })
    if (stream.isFull) return send(reply, refusal(429, 'too many readers of the stream'))
    reply.hijack()
    reply.raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      // A proxy that gathers bytes would hold ticks back.
      'x-accel-buffering': 'no',
    })
    stream.add(reply.raw, header.values.last ?? query.values.last)
    return reply
  })
}
