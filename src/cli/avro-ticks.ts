/** Tick messages as framed Avro: loaded only where a registry is configured, for it takes as long to load as KafkaJS. */
import { AvroReader, openAvroCodec } from '../kafka/avro-codec.js'
import { type RegistrySettings, SchemaRegistry } from '../kafka/schema-registry.js'
import { schemaText } from '../storage/schema-files.js'
import { avroType } from '../wire/avro-types.js'
import { type OrderBook, toOrderBook, toTickMessage } from '../wire/tick-record.js'

/**
 * Registers the tick message as `<output>-value`.
 *
 * @throws DepthlineError REGISTRY_FAILED
 */
export async function openAvroTickEncoder(
  settings: RegistrySettings,
  output: string,
): Promise<(json: Uint8Array) => Promise<Uint8Array>> {
  const registry = new SchemaRegistry(settings)
  const codec = await openAvroCodec<OrderBook>(registry, output, schemaText('order-book'))
  return (json) => codec.encode(toOrderBook(new TextDecoder().decode(json)))
}

/** Gives the JSON text of a framed value, as bytes. */
export function openAvroTickReader(
  settings: RegistrySettings,
): (value: Uint8Array) => Promise<Uint8Array> {
  const type = avroType(JSON.parse(schemaText('order-book')))
  const reader = new AvroReader<OrderBook>(new SchemaRegistry(settings), type)
  return async (value) => new TextEncoder().encode(toTickMessage(await reader.decode(value)))
}
