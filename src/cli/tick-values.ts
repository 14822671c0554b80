/** The two forms of a tick message: JSON text, and Avro in a registry's frame, turned into each other at the edge. */

import { DepthlineError } from '../errors.js'
import type { LogReader } from '../jobs/ports.js'
import { REGISTRY_BYTE } from '../wire/record-codec.js'
import type { LogRecord } from '../wire/records.js'
import { registrySettings } from './registry-settings.js'

type Environment = Readonly<Record<string, string | undefined>>

/** A tick message's value as the bytes of its JSON text, whichever form it has. */
export type TickReader = (value: Uint8Array | null) => Promise<Uint8Array | null>

export const TICK_FORMATS = ['json', 'avro'] as const
export type TickFormat = (typeof TICK_FORMATS)[number]

/**
 * @returns what turns the JSON text of a tick into the value to publish; undefined where that is the text
 * @throws DepthlineError USAGE where Avro has no registry, REGISTRY_FAILED
 */
export async function openTickEncoder(
  format: TickFormat,
  output: string,
  env: Environment,
): Promise<((json: Uint8Array) => Promise<Uint8Array>) | undefined> {
  if (format === 'json') return undefined
  const settings = registrySettings(env)
  if (settings === undefined) {
    const message = '--format avro needs a schema registry: set SCHEMA_REGISTRY_URL'
    throw new DepthlineError('USAGE', message)
  }
  const { openAvroTickEncoder } = await import('./avro-ticks.js')
  return openAvroTickEncoder(settings, output)
}

/** @throws DepthlineError USAGE where the configured registry is none */
export async function openTickReader(env: Environment): Promise<TickReader> {
  const settings = registrySettings(env)
  const read = settings && (await import('./avro-ticks.js')).openAvroTickReader(settings)
  return async (value) => {
    if (value?.[0] !== REGISTRY_BYTE) return value
    if (read !== undefined) return read(value)
    const message = 'the messages are Avro of a schema registry: set SCHEMA_REGISTRY_URL'
    throw new DepthlineError('USAGE', message)
  }
}

/** The output topic with every message of the job as JSON, for `verify` to compare. */
export function readTickTexts(reader: LogReader, job: string, read: TickReader): LogReader {
  const toText = async (record: LogRecord): Promise<LogRecord> => {
    if (new TextDecoder().decode(record.key ?? undefined) !== job) return record
    return { ...record, value: await readOrExplain(record.value, read) }
  }
  return {
    topic: reader.topic,
    starts: reader.starts,
    ends: () => reader.ends(),
    stop: () => reader.stop(),
    async next(partition) {
      const piece = await reader.next(partition)
      return piece && { ...piece, records: await Promise.all(piece.records.map(toText)) }
    },
  }
}

/** Bytes that are no tick message differ from every right one, so what is wrong with them can stand there. */
async function readOrExplain(
  value: Uint8Array | null,
  read: TickReader,
): Promise<Uint8Array | null> {
  try {
    return await read(value)
  } catch (error) {
    if (!(error instanceof DepthlineError && error.code === 'BAD_RECORD')) throw error
    return new TextEncoder().encode(error.message)
  }
}
