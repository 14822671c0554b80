/** The OpenAPI document, made from the same table as the routes. */
import { ERROR_NAMES } from './answer.js'
import type { Parameters } from './parameters.js'
import type { Route } from './routes.js'
import { SCHEMAS, type SchemaName } from './schemas.js'

type Json = Readonly<Record<string, unknown>>

const REFUSALS = [400, 404, 405, 421, 429] as const

export function openApiDocument(routes: readonly Route[], version: string): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'depthline',
      version,
      description:
        'Order books of every second and exchange depth of every minute. Decimals are exact and are texts; a tick is an epoch second.',
    },
    paths: Object.fromEntries([
      ...routes.map((route) => [route.path, { get: routeOperation(route) }]),
      ['/api/v1/stream', { get: streamOperation() }],
      ['/openapi.json', { get: plainOperation('This document', 'application/json') }],
      ['/metrics', { get: plainOperation('Metrics for Prometheus', 'text/plain') }],
      ['/livez', { get: plainOperation('Whether the process answers', 'application/json') }],
      ['/readyz', { get: readinessOperation() }],
    ]),
    components: { schemas: SCHEMAS },
  }
}

function routeOperation({ summary, parameters, schema, hasTable }: Route): Json {
  const csv = { 'text/csv': { schema: { type: 'string' } } }
  const content = { 'application/json': { schema: reference(schema) }, ...(hasTable ? csv : {}) }
  return {
    summary,
    parameters: parameterList(parameters),
    responses: { 200: { description: 'The answer', content }, ...refusals() },
  }
}

function parameterList(parameters: Parameters): Json[] {
  return Object.entries(parameters).map(([name, { in: place, description, required, schema }]) => {
    return { name, in: place, description, required, schema }
  })
}

function streamOperation(): Json {
  const last = { name: 'last', in: 'query', required: false, schema: { type: 'integer' } }
  const header = {
    name: 'Last-Event-ID',
    in: 'header',
    required: false,
    schema: { type: 'integer' },
  }
  const content = { 'text/event-stream': { schema: { type: 'string' } } }
  return {
    summary: 'Server-sent events: tick (TickEvent), round (RoundEvent) and gap (GapEvent)',
    parameters: [
      { ...last, description: 'The tick after which to go on; the header counts before it.' },
      { ...header, description: 'The same, as browsers send it when they connect again.' },
    ],
    responses: { 200: { description: 'Events without end', content }, ...refusals() },
  }
}

function readinessOperation(): Json {
  const answer = (description: string) => {
    return { description, content: { 'application/json': { schema: reference('Readiness') } } }
  }
  return {
    summary: 'Whether what is there is caught up and fresh',
    parameters: [],
    responses: { 200: answer('Ready'), 503: answer('Not ready, and why'), ...refusals() },
  }
}

function plainOperation(summary: string, type: string): Json {
  const content = { [type]: { schema: {} } }
  return {
    summary,
    parameters: [],
    responses: { 200: { description: summary, content }, ...refusals() },
  }
}

function refusals(): Json {
  const content = { 'application/json': { schema: reference('Error') } }
  return Object.fromEntries(
    REFUSALS.map((status) => [status, { description: ERROR_NAMES[status], content }]),
  )
}

function reference(name: SchemaName): Json {
  return { $ref: `#/components/schemas/${name}` }
}
