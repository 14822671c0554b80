/** Rounds as rows in PostgreSQL: each in one transaction, waited for where the server is away. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientBase } from 'pg'
import { DepthlineError } from '../errors.js'
import type { EpochMs } from '../wire/exchange-records.js'
import { timestampText } from './parquet-rows.js'
import { ensureLayout } from './postgres-layout.js'
import { PostgresSession } from './postgres-session.js'
import { type AnalysedRecords, type PostgresTable, postgresTables } from './postgres-tables.js'

const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 5_000

export interface PostgresRound extends AnalysedRecords {
  readonly pollAt: EpochMs
}

/** Which process writes; of two with one job and lineage the higher sequence came later. */
export interface Writer {
  readonly job: string
  readonly lineage: string
  readonly sequence: number
}

/** The part of a logger that is used here. */
interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/**
 * Connects once, and makes tables and views where they are missing.
 *
 * @throws DepthlineError USAGE, POSTGRES_FAILED, POSTGRES_SCHEMA; none of them holds the password
 */
export async function openPostgres(url: string, log: Log): Promise<Postgres> {
  const session = new PostgresSession(url)
  try {
    await session.transaction(ensureLayout)
  } catch (error) {
    await session.close()
    throw error
  }
  return new Postgres(session, log)
}

export class Postgres {
  readonly #session: PostgresSession
  readonly #log: Log
  readonly #tables = postgresTables()
  readonly #closing = new AbortController()

  constructor(session: PostgresSession, log: Log) {
    this.#session = session
    this.#log = log
  }

  get place(): string {
    return this.#session.place
  }

  /**
   * Durable when it resolves; a round that comes again leaves the same rows, and one that
   * was analysed otherwise replaces them. Waits for a server that is away.
   *
   * @param writer undefined where a person has history made anew, which is never refused
   * @throws DepthlineError FENCED where a newer process of the job has written, BAD_RECORD
   * for a value that no column takes, POSTGRES_FAILED where waiting does not help
   */
  async write(round: PostgresRound, writer?: Writer): Promise<void> {
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
      try {
        await this.#session.transaction(async (client) => {
          if (writer !== undefined) await assertNewest(client, writer)
          for (const table of this.#tables) await replaceRows(client, table, round)
        })
        if (wait > FIRST_WAIT_MS)
          this.#log.info({ pollAt: isoText(round.pollAt) }, 'written after all')
        return
      } catch (error) {
        await this.#waitAfter(error, wait)
      }
    }
  }

  /** A round that is still being written is given up. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#session.close()
  }

  async #waitAfter(error: unknown, ms: number): Promise<void> {
    if (!(error instanceof DepthlineError && error.retriable)) throw error
    const { signal } = this.#closing
    if (!signal.aborted) {
      this.#log.warn({ reason: error.message }, 'waiting for PostgreSQL')
      await sleep(ms, undefined, { signal }).catch(() => {})
    }
    if (signal.aborted) throw new DepthlineError('STOPPED', 'stopped before PostgreSQL took it')
  }
}

/**
 * A process that was frozen may wake up with a round that its successor has written, with other
 * notionals or fees perhaps: the claim in Kafka decides. Another lineage is a job begun anew.
 */
async function assertNewest(client: ClientBase, { job, lineage, sequence }: Writer): Promise<void> {
  const { rowCount } = await client.query(
    `INSERT INTO depthline.writer AS newest (job, lineage, sequence) VALUES ($1, $2, $3)
     ON CONFLICT (job) DO UPDATE SET lineage = excluded.lineage, sequence = excluded.sequence
     WHERE newest.lineage <> excluded.lineage OR newest.sequence <= excluded.sequence`,
    [job, lineage, sequence],
  )
  if (rowCount === 1) return
  const message = `another process has taken over job ${job} and written to PostgreSQL`
  throw new DepthlineError('FENCED', message)
}

/** The round's rows are these and no others, whatever was there: a rebuild may have other notionals. */
async function replaceRows(
  client: ClientBase,
  { name, key, columns, rowsOf }: PostgresTable,
  round: PostgresRound,
): Promise<void> {
  const rows = JSON.stringify(rowsOf(round), storable)
  // One JSON text whose decimals are strings: no double on the way, and one call for all rows.
  const given = `jsonb_populate_recordset(NULL::depthline.${name}, $1::jsonb)`
  const isSame = key.map((column) => `new.${column} = old.${column}`).join(' AND ')
  await client.query(
    `DELETE FROM depthline.${name} AS old
     WHERE poll_at = $2 AND NOT EXISTS (SELECT FROM ${given} AS new WHERE ${isSame})`,
    [rows, isoText(round.pollAt)],
  )
  const names = columns.map((column) => column.name)
  const changes = names
    .filter((column) => !key.includes(column))
    .map((column) => `${column} = excluded.${column}`)
  await client.query(
    `INSERT INTO depthline.${name} (${names}) SELECT ${names} FROM ${given}
     ON CONFLICT (${key}) DO UPDATE SET ${changes}`,
    [rows],
  )
}

/** Times as text in UTC; and texts without what PostgreSQL cannot hold, NUL and half surrogate pairs. */
function storable(name: string, value: unknown): unknown {
  if (name.endsWith('_at') && typeof value === 'number') return isoText(value)
  if (typeof value === 'string') return value.toWellFormed().replaceAll('\0', '\ufffd')
  return value
}

function isoText(ms: EpochMs): string {
  return `${timestampText(ms)}Z`
}
