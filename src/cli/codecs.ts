/** How a topic's records are written: framed Avro where a schema registry is configured, JSON where none is. */

import type { SchemaRegistry } from '../kafka/schema-registry.js'
import { type SchemaName, schemaText } from '../storage/schema-files.js'
import { avroType } from '../wire/avro-types.js'
import type { ExchangeDepth, ExchangePoll, MarketAnalytics } from '../wire/exchange-records.js'
import { jsonCodec } from '../wire/json-codec.js'
import type { RecordCodec, RecordReader } from '../wire/record-codec.js'
import { registrySettings } from './registry-settings.js'

/** Which records which schema describes. */
interface Records {
  'exchange-poll': ExchangePoll
  'exchange-depth': ExchangeDepth
  'market-analytics': MarketAnalytics
}

type Environment = Readonly<Record<string, string | undefined>>
type RecordSchema = keyof Records & SchemaName

/**
 * With `SCHEMA_REGISTRY_URL` it registers the schema as `<topic>-value`, so it belongs
 * before anything is written.
 *
 * @throws DepthlineError USAGE, REGISTRY_FAILED
 */
export async function openCodec<Name extends RecordSchema>(
  topic: string,
  schemaName: Name,
  env: Environment = process.env,
): Promise<RecordCodec<Records[Name]>> {
  const schema = schemaText(schemaName)
  const registry = await openRegistry(env)
  if (registry === undefined) return jsonCodec(avroType(JSON.parse(schema)))
  const { openAvroCodec } = await import('../kafka/avro-codec.js')
  return openAvroCodec(registry, topic, schema)
}

/**
 * For whoever only reads: registers nothing.
 *
 * @throws DepthlineError USAGE
 */
export async function openReader<Name extends RecordSchema>(
  schemaName: Name,
  env: Environment = process.env,
): Promise<RecordReader<Records[Name]>> {
  const schema = schemaText(schemaName)
  const registry = await openRegistry(env)
  if (registry === undefined) return jsonCodec(avroType(JSON.parse(schema)))
  const { avroReader } = await import('../kafka/avro-codec.js')
  return avroReader(registry, schema)
}

/** Undefined where none is configured: the client takes as long to load as KafkaJS. */
async function openRegistry(env: Environment): Promise<SchemaRegistry | undefined> {
  const settings = registrySettings(env)
  if (settings === undefined) return undefined
  const { SchemaRegistry } = await import('../kafka/schema-registry.js')
  return new SchemaRegistry(settings)
}
