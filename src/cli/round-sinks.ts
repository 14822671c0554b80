/** Where `analyse` keeps rounds besides Kafka: the lake, and PostgreSQL where it is set. */
import type { Log, RoundSink } from '../jobs/ports.js'
import { openLake } from '../storage/lake.js'
import { postgresUrl } from './postgres-settings.js'

/**
 * @param withPostgres false where PostgreSQL is left alone, whatever the environment says
 * @throws DepthlineError USAGE, FILE_FAILED, POSTGRES_FAILED, POSTGRES_SCHEMA
 */
export async function openSinks(log: Log, folder: string, withPostgres = true) {
  const postgres = withPostgres ? await openSetPostgres(log) : undefined
  const lake = await openLake(folder)
  const all: readonly RoundSink[] = postgres === undefined ? [lake] : [lake, postgres]
  const close = async () => {
    await postgres?.close()
    await lake.close()
  }
  return { all, postgres, close }
}

async function openSetPostgres(log: Log) {
  const url = postgresUrl(process.env)
  if (url === undefined) return undefined
  // Its client is loaded only for those who use it.
  const { openPostgres } = await import('../storage/postgres.js')
  return openPostgres(url, log)
}
