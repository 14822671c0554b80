/** Where `analyse` keeps rounds besides Kafka: the lake, and PostgreSQL where it is set. */
import { resolve } from 'node:path'
import { DepthlineError } from '../errors.js'
import type { RoundSink } from '../jobs/exchange-ports.js'
import type { Log } from '../jobs/ports.js'
import { openLake } from '../storage/lake.js'
import { postgresUrl } from './postgres-settings.js'

/**
 * @param folder of the lake
 * @param job whose rounds they are
 * @throws DepthlineError USAGE, FILE_FAILED, POSTGRES_FAILED, POSTGRES_SCHEMA
 */
export async function openSinks(log: Log, folder: string, job: string) {
  const postgres = await openSetPostgres(log)
  const lake = await openLake(folder, { job })
  const all: readonly RoundSink[] = postgres === undefined ? [lake] : [lake, postgres]
  const close = async () => {
    await postgres?.close()
    await lake.close()
  }
  return { all, postgres, close }
}

/**
 * Where history made anew goes: to another lake, for a trial, or to PostgreSQL. Not to the lake
 * that it is made from, for there it would fight with the analyse that writes it.
 *
 * @throws DepthlineError USAGE where it is neither, FILE_FAILED, POSTGRES_FAILED, POSTGRES_SCHEMA
 */
export async function openRebuildSink(log: Log, from: string, out: string | undefined) {
  if (out !== undefined && resolve(out) !== resolve(from)) return openLake(out)
  const postgres = out === undefined ? await openSetPostgres(log) : undefined
  if (postgres !== undefined) return postgres
  const message = `--from-lake needs --out, a folder other than ${from}, or DEPTHLINE_POSTGRES_URL`
  throw new DepthlineError('USAGE', message)
}

async function openSetPostgres(log: Log) {
  const url = postgresUrl(process.env)
  if (url === undefined) return undefined
  // Its client is loaded only for those who use it.
  const { openPostgres } = await import('../storage/postgres.js')
  return openPostgres(url, log)
}
