/** How a topic's records are written: framed Avro where a schema registry is configured, JSON where none is. */
import { registrySettings } from '../config.js'
import { openAvroCodec } from '../kafka/avro-codec.js'
import { SchemaRegistry } from '../kafka/schema-registry.js'
import { type SchemaName, schemaText } from '../storage/schema-files.js'
import { avroType } from '../wire/avro-types.js'
import type { ExchangeDepth, ExchangePoll, MarketAnalytics } from '../wire/exchange-records.js'
import { jsonCodec } from '../wire/json-codec.js'
import type { RecordCodec } from '../wire/record-codec.js'

/** Which records which schema describes. */
interface Records {
  'exchange-poll': ExchangePoll
  'exchange-depth': ExchangeDepth
  'market-analytics': MarketAnalytics
}

/**
 * With `SCHEMA_REGISTRY_URL` it registers the schema as `<topic>-value`, so it belongs
 * before anything is written.
 *
 * @throws DepthlineError USAGE, REGISTRY_FAILED
 */
export async function openCodec<Name extends keyof Records & SchemaName>(
  topic: string,
  schemaName: Name,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<RecordCodec<Records[Name]>> {
  const schema = schemaText(schemaName)
  const settings = registrySettings(env)
  if (settings === undefined) return jsonCodec(avroType(JSON.parse(schema)))
  return openAvroCodec(new SchemaRegistry(settings), topic, schema)
}
