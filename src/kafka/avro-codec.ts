/** Records as Avro in the frame of a Confluent registry: a zero, the id of the writer's schema, the bytes. */
import { DepthlineError } from '../errors.js'
import {
  type AvroResolver,
  type AvroType,
  AvroWriter,
  avroType,
  readAvro,
} from '../wire/avro-types.js'
import { jsonCodec } from '../wire/json-codec.js'
import { REGISTRY_BYTE, type RecordCodec, type RecordReader } from '../wire/record-codec.js'
import type { SchemaRegistry } from './schema-registry.js'

const FRAME_BYTES = 5

/**
 * Registers the topic's schema and writes by it.
 *
 * @param schema the text of an .avsc file
 * @throws DepthlineError REGISTRY_FAILED
 */
export async function openAvroCodec<T>(
  registry: SchemaRegistry,
  topic: string,
  schema: string,
): Promise<RecordCodec<T>> {
  const id = await registry.register(`${topic}-value`, schema)
  const writer = new AvroWriter(avroType(JSON.parse(schema)))
  const frame = frameOf(id)
  return {
    ...avroReader<T>(registry, schema),
    encode: async (record) => writer.write(record, frame),
  }
}

/** Reads framed Avro by whichever schema it was written, and JSON, so that a topic may hold both. */
export function avroReader<T>(registry: SchemaRegistry, schema: string): RecordReader<T> {
  const type = avroType(JSON.parse(schema))
  const avro = new AvroReader<T>(registry, type)
  const json = jsonCodec<T>(type)
  return {
    schema: json.schema,
    decode: (value) => (value[0] === REGISTRY_BYTE ? avro.decode(value) : json.decode(value)),
  }
}

/** Reads what was written by any schema that ours can read; asks the registry once for each. */
export class AvroReader<T> {
  readonly #registry: SchemaRegistry
  readonly #type: AvroType
  readonly #resolvers = new Map<number, Promise<AvroResolver>>()

  constructor(registry: SchemaRegistry, type: AvroType) {
    this.#registry = registry
    this.#type = type
  }

  /** @throws DepthlineError BAD_RECORD, or REGISTRY_FAILED where the writer's schema is not known yet */
  async decode(value: Uint8Array): Promise<T> {
    if (value.length < FRAME_BYTES || value[0] !== REGISTRY_BYTE) {
      throw new DepthlineError('BAD_RECORD', `no Avro of ${this.#type.name}: it has no schema id`)
    }
    const id = new DataView(value.buffer, value.byteOffset).getUint32(1)
    const resolver = await this.#resolver(id)
    return readAvro(this.#type, value.subarray(FRAME_BYTES), resolver) as T
  }

  #resolver(id: number): Promise<AvroResolver> {
    const known = this.#resolvers.get(id)
    if (known !== undefined) return known
    const asked = this.#ask(id)
    this.#resolvers.set(id, asked)
    // A registry that is away now may be there for the next record.
    asked.catch(() => this.#resolvers.delete(id))
    return asked
  }

  async #ask(id: number): Promise<AvroResolver> {
    const writer = await this.#registry.writerType(id)
    try {
      return this.#type.createResolver(writer)
    } catch (cause) {
      const message = `schema ${id} (${writer.name}) cannot be read as ${this.#type.name}: ${(cause as Error).message}`
      throw new DepthlineError('BAD_RECORD', message, { cause })
    }
  }
}

function frameOf(id: number): Uint8Array {
  const frame = new Uint8Array(FRAME_BYTES).fill(REGISTRY_BYTE, 0, 1)
  new DataView(frame.buffer).setUint32(1, id)
  return frame
}
