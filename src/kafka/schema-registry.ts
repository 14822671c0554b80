/** A Confluent-compatible schema registry: subjects registered, the schemas of written records looked up. */
import registryClient from '@kafkajs/confluent-schema-registry'
import { DepthlineError } from '../errors.js'
import { AVRO_OPTIONS, type AvroType } from '../wire/avro-types.js'
import { rootMessage, within } from './failures.js'

export interface RegistrySettings {
  /** Without a user, a password and a slash at its end. */
  readonly url: string
  readonly auth?: { readonly username: string; readonly password: string }
}

/** KafkaJS's package gives Node no named exports. */
const { SchemaRegistry: Client, SchemaType, COMPATIBILITY } = registryClient
type Client = InstanceType<typeof Client>

/** Of one request; a registry that is there answers in milliseconds. */
const REQUEST_LIMIT_MS = 3_000
/** Of a call, which may be three requests, repeated where the registry says 5xx. */
const CALL_LIMIT_MS = 10_000
/** Characters of a registry's answer that a message shows. */
const SAID = 300

export class SchemaRegistry {
  /** For messages: never with a password. */
  readonly url: string
  readonly #client: Client

  constructor({ url, auth }: RegistrySettings) {
    this.url = url
    const limit = { prepareRequest: withTimeLimit }
    this.#client = new Client(
      { host: url, clientId: 'depthline', middlewares: [() => limit], ...(auth && { auth }) },
      { forSchemaOptions: AVRO_OPTIONS },
    )
  }

  /**
   * Registers a schema with BACKWARD compatibility: later schemas must be able to read
   * what was written by it. Harmless where it is registered already.
   *
   * @returns the schema's id
   * @throws DepthlineError REGISTRY_FAILED, also where the registry refuses the schema
   */
  async register(subject: string, schema: string): Promise<number> {
    const confluent = { type: SchemaType.AVRO, schema } as const
    const options = { subject, compatibility: COMPATIBILITY.BACKWARD }
    const what = `registering ${subject}`
    return (await this.#ask(what, (client) => client.register(confluent, options))).id
  }

  /**
   * What a record was written by.
   *
   * @throws DepthlineError REGISTRY_FAILED; BAD_RECORD where there is no Avro schema of that id
   */
  async writerType(id: number): Promise<AvroType> {
    const look = (client: Client) => noneWhere404(client.getSchema(id))
    const schema = await this.#ask(`looking up schema ${id}`, look)
    if (schema !== undefined && 'createResolver' in schema) return schema as unknown as AvroType
    throw new DepthlineError('BAD_RECORD', `${this.url} has no Avro schema of id ${id}`)
  }

  /**
   * The id of the newest schema of a subject; undefined where there is none.
   *
   * @throws DepthlineError REGISTRY_FAILED
   */
  async latestId(subject: string): Promise<number | undefined> {
    const look = (client: Client) => noneWhere404(client.getLatestSchemaId(subject))
    return this.#ask(`looking up ${subject}`, look)
  }

  async #ask<T>(what: string, call: (client: Client) => Promise<T>): Promise<T> {
    try {
      return await within(CALL_LIMIT_MS, call(this.#client), what)
    } catch (cause) {
      const where = `the schema registry at ${this.url} (SCHEMA_REGISTRY_URL)`
      const message = `${where}: ${what}: ${said(cause)}`
      throw new DepthlineError('REGISTRY_FAILED', message, { cause, retriable: !isRefusal(cause) })
    }
  }
}

interface RequestStep {
  enhance(extras: { timeout: number }): RequestStep
}

async function withTimeLimit<Step extends RequestStep>(next: () => Promise<Step>): Promise<Step> {
  return (await next()).enhance({ timeout: REQUEST_LIMIT_MS }) as Step
}

async function noneWhere404<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  }
}

/** What the registry or the network said, without the client's own words before it. */
function said(error: unknown): string {
  const words = rootMessage(error).replace(/^depthline - (Error, status 400: (?=\w+ E))?/, '')
  const message = words.length > SAID ? `${words.slice(0, SAID)}…` : words
  const status = statusOf(error)
  if (status === 401 || status === 403) return `it wants another user or password: ${message}`
  if (status !== 409) return message
  return `readers of the new schema could not read what was written by the one before: ${message}`
}

/** Trying again does not help; 400 is also what the client makes of a lost connection. */
function isRefusal(error: unknown): boolean {
  const status = statusOf(error) ?? 0
  return (status > 400 && status < 500) || isOfClient(error)
}

/** Such as a subject of another compatibility than ours. */
function isOfClient(error: unknown): boolean {
  return error instanceof Error && error.name.startsWith('ConfluentSchemaRegistry')
}

function statusOf(error: unknown): number | undefined {
  return (error as { status?: number } | null)?.status
}
