/** Framed Avro against a real registry: what is written, what is read, what is refused. */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { schemaText } from '../storage/schema-files.js'
import { REGISTRY_LIMIT_MS, startRegistry, type TestRegistry } from '../testing/registry.js'
import { uniqueName } from '../testing/topics.js'
import { avroType } from '../wire/avro-types.js'
import type { ExchangePoll } from '../wire/exchange-records.js'
import { jsonCodec } from '../wire/json-codec.js'
import { openAvroCodec } from './avro-codec.js'
import { SchemaRegistry } from './schema-registry.js'

const POLL: ExchangePoll = {
  kind: 'answer',
  poll_at: 1_732_000_020_000,
  exchange: 'kraken',
  market: 'BTC-USD',
  requested_at: 1_732_000_020_005,
  responded_at: null,
  attempts: 1,
  status: 200,
  error: null,
  detail: null,
  sha256: null,
  body: Uint8Array.of(0, 255, 128, 10),
  origin: null,
  exchanges: null,
  markets: null,
}
const SCHEMA = schemaText('exchange-poll')

interface Field {
  readonly name: string
}

/** The poll's schema with other fields, as text. */
function changed(change: (fields: Field[]) => readonly object[]): string {
  const schema = JSON.parse(SCHEMA)
  return JSON.stringify({ ...schema, fields: change(schema.fields) })
}

let started: TestRegistry
let registry: SchemaRegistry

beforeAll(async () => {
  started = await startRegistry()
  registry = new SchemaRegistry(started)
}, REGISTRY_LIMIT_MS)
afterAll(() => started?.stop())

const open = (topic: string, schema = SCHEMA) =>
  openAvroCodec<ExchangePoll>(registry, topic, schema)

describe('framed Avro', () => {
  it('gives back what it was given', async () => {
    const codec = await open(uniqueName('polls'))
    expect(await codec.decode(await codec.encode(POLL))).toEqual(POLL)
    expect(codec.schema).toBe('depthline.ExchangePoll')
  })

  it('registers the topic’s subject with BACKWARD compatibility, once', async () => {
    const topic = uniqueName('polls')
    const [first, second] = [await open(topic), await open(topic)]
    expect(await first.encode(POLL)).toEqual(await second.encode(POLL))
    const config = await fetch(`${started.url}/config/${topic}-value`)
    expect(await config.json()).toEqual({ compatibilityLevel: 'BACKWARD' })
    const versions = await fetch(`${started.url}/subjects/${topic}-value/versions`)
    expect(await versions.json()).toHaveLength(1)
    expect(await registry.latestId(`${topic}-value`)).toBeGreaterThan(0)
    expect(await registry.latestId(`${topic}-key`)).toBeUndefined()
  })

  it('is what the plain client of KafkaJS reads', async () => {
    const { SchemaRegistry: Plain } = createRequire(import.meta.url)(
      '@kafkajs/confluent-schema-registry',
    )
    const value = await (await open(uniqueName('polls'))).encode(POLL)
    const { body, ...fields } = await new Plain({ host: started.url }).decode(Buffer.from(value))
    expect(new Uint8Array(body)).toEqual(POLL.body)
    expect({ ...fields, body: POLL.body }).toEqual(POLL)
  })

  it('reads JSON too, so that a topic can hold both', async () => {
    const codec = await open(uniqueName('polls'))
    const json = jsonCodec<ExchangePoll>(avroType(JSON.parse(SCHEMA)))
    expect(await codec.decode(await json.encode(POLL))).toEqual(POLL)
    await expect(json.decode(await codec.encode(POLL))).rejects.toThrow('set SCHEMA_REGISTRY_URL')
  })

  it('keeps old records readable after a compatible change, and new ones by an old reader', async () => {
    const topic = uniqueName('polls')
    const old = await open(topic)
    const region = { name: 'region', type: ['null', 'string'], default: null }
    const added = await open(
      topic,
      changed((fields) => [...fields, region]),
    )
    const written = await old.encode(POLL)
    expect(await added.decode(written)).toEqual({ ...POLL, region: null })
    const later = await added.encode({ ...POLL, region: 'eu' } as ExchangePoll)
    expect(await old.decode(later)).toEqual(POLL)
  })

  it('refuses a schema that could not read what is there, and says which field', async () => {
    const topic = uniqueName('polls')
    await open(topic)
    const region = { name: 'region', type: 'string' }
    await expect(
      open(
        topic,
        changed((fields) => [...fields, region]),
      ),
    ).rejects.toMatchObject({
      code: 'REGISTRY_FAILED',
      exitCode: 3,
      retriable: false,
      message: expect.stringMatching(/registering .*could not read what was written.*region/),
    })
  })

  it('refuses a record that is not what its schema says, and bytes that are none', async () => {
    const codec = await open(uniqueName('polls'))
    await expect(codec.encode({ ...POLL, attempts: 0.5 })).rejects.toThrow(
      'attempts: 0.5 is no int',
    )
    const value = await codec.encode(POLL)
    for (const bytes of [value.subarray(0, -1), value.subarray(0, 3), Uint8Array.of()]) {
      await expect(codec.decode(bytes)).rejects.toMatchObject({ code: 'BAD_RECORD' })
    }
    const unknown = Uint8Array.of(0, 0, 127, 127, 127, 1)
    await expect(codec.decode(unknown)).rejects.toThrow(/no Avro schema of id 8355711/)
  })
})

describe('a registry that does not do what is asked', () => {
  let server: Server
  let requests: IncomingMessage[]

  /** A registry that answers everything with one status, or with undefined never. */
  async function serve(status: number | undefined): Promise<string> {
    requests = []
    server = createServer((request, response) => {
      requests.push(request)
      if (status !== undefined) response.writeHead(status).end('{"message":"no"}')
    })
    server.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    return `127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  const auth = { username: 'me', password: 'open sesame' }
  const ask = (host: string) => {
    const asked = new SchemaRegistry({ url: `http://${host}`, auth }).register('t-value', SCHEMA)
    return asked.then(
      () => undefined,
      (error) => error,
    )
  }

  it('is named with what it said, and never with the password', async () => {
    const error = await ask(await serve(401))
    server.close()
    expect(error).toMatchObject({ code: 'REGISTRY_FAILED', exitCode: 3, retriable: false })
    expect(error.message).toContain('another user or password')
    expect(error.message).not.toContain('sesame')
    const [user] = requests.map(({ headers }) => headers.authorization)
    expect(user).toBe(`Basic ${Buffer.from('me:open sesame').toString('base64')}`)
  })

  it('is told from a program that answers everything with 200', async () => {
    const error = await ask(await serve(200))
    server.close()
    expect(error).toMatchObject({ code: 'REGISTRY_FAILED', retriable: false })
    expect(error.message).toContain('it does not answer as a schema registry does')
  })

  it('is given up after a while where it never answers', async () => {
    const host = await serve(undefined)
    const startMs = performance.now()
    expect(await ask(host)).toMatchObject({ code: 'REGISTRY_FAILED', retriable: true })
    expect(performance.now() - startMs).toBeLessThan(12_000)
    server.closeAllConnections()
    server.close()
  })

  it('is said to be out of reach where nobody listens', async () => {
    const error = await ask('127.0.0.1:1')
    expect(error).toMatchObject({ code: 'REGISTRY_FAILED', retriable: true })
    expect(error.message).toContain('http://127.0.0.1:1 (SCHEMA_REGISTRY_URL)')
    expect(error.message).toContain('ECONNREFUSED')
  })
})
