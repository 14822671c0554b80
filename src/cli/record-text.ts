/** The values of a topic as JSON text, whichever way they are written. */
import { DepthlineError } from '../errors.js'
import type { TopicRecord } from '../kafka/topic-reader.js'
import { type SchemaName, schemaText } from '../storage/schema-files.js'
import { avroType } from '../wire/avro-types.js'
import { jsonCodec } from '../wire/json-codec.js'
import type { RecordReader } from '../wire/record-codec.js'
import { openReader } from './codecs.js'
import type { TickReader } from './tick-values.js'

/** What a record's header `schema` says, and the file of that schema. */
const SCHEMAS = {
  'depthline.ExchangePoll': 'exchange-poll',
  'depthline.ExchangeDepth': 'exchange-depth',
  'depthline.MarketAnalytics': 'market-analytics',
} as const satisfies Readonly<Record<string, SchemaName>>
type RecordSchema = (typeof SCHEMAS)[keyof typeof SCHEMAS]

type ToText = (value: Uint8Array) => Promise<Uint8Array>

/** Undefined for a tick message, whose header names no schema. */
export function schemaOf(
  header: string | undefined,
  offset: number | string,
): RecordSchema | undefined {
  if (header === undefined) return undefined
  if (Object.hasOwn(SCHEMAS, header)) return SCHEMAS[header as keyof typeof SCHEMAS]
  throw new DepthlineError('BAD_RECORD', `no schema ${header} is known, at offset ${offset}`)
}

/** Reads the records of a topic; framed Avro where a registry is configured. */
export class RecordText {
  readonly #readers = new Map<RecordSchema, ToText>()
  readonly #readTick: TickReader

  constructor(readTick: TickReader) {
    this.#readTick = readTick
  }

  /** @throws DepthlineError BAD_RECORD that names the offset, REGISTRY_FAILED */
  async of({ value, headers, offset }: TopicRecord): Promise<string> {
    const schema = schemaOf(headers.schema, offset)
    const read = schema === undefined ? this.#readTick : await this.#reader(schema)
    try {
      return new TextDecoder().decode((await read(value ?? new Uint8Array())) ?? undefined)
    } catch (error) {
      if (!(error instanceof DepthlineError) || error.code !== 'BAD_RECORD') throw error
      const message = `the value at offset ${offset}: ${error.message}`
      throw new DepthlineError('BAD_RECORD', message, { cause: error })
    }
  }

  async #reader(schema: RecordSchema): Promise<ToText> {
    const known = this.#readers.get(schema)
    if (known !== undefined) return known
    const records: RecordReader<unknown> = await openReader(schema)
    const json = jsonCodec(avroType(JSON.parse(schemaText(schema))))
    const reader: ToText = async (value) => json.encode(await records.decode(value))
    this.#readers.set(schema, reader)
    return reader
  }
}
