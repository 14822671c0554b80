/** The raw table read back, round by round and byte for byte. */
import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { DepthlineError } from '../errors.js'
import type { EpochMs, ExchangePoll } from '../wire/exchange-records.js'
import { columnsOf } from './avro-columns.js'
import { Duck, literal, parquet, type ResultRow } from './duck.js'
import { attempt, isMissing } from './durable-files.js'
import { timestampText, toRecord } from './parquet-rows.js'

export interface RawRound {
  readonly pollAt: EpochMs
  readonly polls: readonly ExchangePoll[]
}

/** A reader that always comes too late is looking at something else than a compaction. */
const TRIES = 10

/**
 * The rounds of a lake in the order of their time, each with its records in the order
 * of the log; one round is in memory at a time. A writer may go on meanwhile.
 *
 * @throws DepthlineError BAD_RECORD where a body is not what its SHA-256 says, FILE_FAILED
 */
export async function* readRounds(lake: string): AsyncGenerator<RawRound> {
  const columns = columnsOf('exchange-poll')
  const duck = await Duck.open()
  try {
    for await (const { file, rows } of roundsOf(duck, join(lake, 'exchange_polls'))) {
      const polls = rows.map((row) => toRecord(columns, row) as unknown as ExchangePoll)
      for (const poll of polls) assertBody(poll, file)
      yield { pollAt: (rows[0]!.round_at as Date).getTime(), polls }
    }
  } finally {
    duck.close()
  }
}

interface RoundRows {
  readonly file: string
  readonly rows: ResultRow[]
}

async function* roundsOf(duck: Duck, table: string): AsyncGenerator<RoundRows> {
  let last: Date | undefined
  for (const date of await names(table)) {
    for (const hour of await names(join(table, date))) {
      const folder = join(table, date, hour)
      for (let tries = 1; ; tries++) {
        try {
          for await (const round of roundsOfHour(duck, folder, last)) {
            last = round.rows[0]!.round_at as Date
            yield round
          }
          break
        } catch (error) {
          const isGone = error instanceof DepthlineError && error.retriable
          if (!isGone || tries === TRIES) throw error
        }
      }
    }
  }
}

/** Those after `last`: the hour may have been compacted while it was read, and is read again. */
async function* roundsOfHour(
  duck: Duck,
  folder: string,
  last: Date | undefined,
): AsyncGenerator<RoundRows> {
  const after =
    last === undefined ? '' : ` WHERE round_at > ${literal(timestampText(last.getTime()))}`
  for (const name of await names(folder)) {
    if (!name.endsWith('.parquet')) continue
    const file = join(folder, name)
    let rows: ResultRow[] = []
    for await (const row of duck.stream(file, `FROM ${parquet([file])}${after}`)) {
      if (rows.length > 0 && +(rows[0]!.round_at as Date) !== +(row.round_at as Date)) {
        yield { file, rows }
        rows = []
      }
      rows.push(row)
    }
    if (rows.length > 0) yield { file, rows }
  }
}

/** Sorted, which is the order of time; none where the folder does not exist. */
function names(folder: string): Promise<string[]> {
  return attempt(folder, async () => {
    try {
      return (await readdir(folder)).sort()
    } catch (error) {
      if (isMissing(error)) return []
      throw error
    }
  })
}

function assertBody({ body, sha256, exchange, market, poll_at }: ExchangePoll, file: string): void {
  const found = body === null ? null : createHash('sha256').update(body).digest('hex')
  if (found === sha256) return
  const minute = new Date(poll_at).toISOString()
  throw new DepthlineError(
    'BAD_RECORD',
    `${file}: the body of ${exchange} ${market} at ${minute} has SHA-256 ${found}, not ${sha256}`,
  )
}
