/** The lake: raw answers, depth and analytics as Parquet files that any tool can read. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DepthlineError } from '../errors.js'
import type {
  EpochMs,
  ExchangeDepth,
  ExchangePoll,
  MarketAnalytics,
} from '../wire/exchange-records.js'
import { type Column, columnsOf } from './avro-columns.js'
import { Duck } from './duck.js'
import { attempt, isMissing, makeFolder } from './durable-files.js'
import { KEPT_MS, LakeTable, type TableShape } from './lake-table.js'
import type { Row } from './parquet-rows.js'
import type { SchemaName } from './schema-files.js'

/** Everything of one round; what is empty is not written. */
export interface LakeRound {
  readonly pollAt: EpochMs
  /** All records since the round before, in the order of the log, late ones of earlier polls too. */
  readonly polls: readonly ExchangePoll[]
  readonly depth: readonly ExchangeDepth[]
  readonly analytics: readonly MarketAnalytics[]
}

export interface LakeOptions {
  /** Whose rounds these are: another job's would overwrite them. Undefined where it does not matter. */
  readonly job?: string
  /** How long a folder that an hour's file has replaced is kept for those who are listing it. */
  readonly keptMs?: number
}

const ALWAYS_THERE = { isNullable: false, keptAsText: false, doc: '' }
const ROUND_COLUMNS: readonly Column[] = [
  { name: 'round_at', type: { kind: 'timestamp' }, ...ALWAYS_THERE },
  { name: 'position', type: { kind: 'int' }, ...ALWAYS_THERE },
]

/** The raw table: which round a record came in and where, and then its own columns. */
export function pollsShape(): TableShape {
  const columns = [...ROUND_COLUMNS, ...columnsOf('exchange-poll')]
  return { name: 'exchange_polls', columns, roundColumn: 'round_at', isHeavy: true }
}

function recordShape(name: string, schema: SchemaName): TableShape {
  return { name, columns: columnsOf(schema), roundColumn: 'poll_at', isHeavy: false }
}

/**
 * A lake to write to; one process at a time. The folder is made with the first round,
 * and what a process before left unfinished is finished then.
 *
 * @throws DepthlineError FILE_FAILED, as all methods do
 */
export async function openLake(folder: string, options: LakeOptions = {}): Promise<Lake> {
  return new Lake(folder, await attempt(folder, () => Duck.open()), options)
}

export class Lake {
  readonly #folder: string
  readonly #job: string | undefined
  readonly #duck: Duck
  readonly #polls: LakeTable
  readonly #depth: LakeTable
  readonly #analytics: LakeTable
  #isRepaired = false
  /** The work on older hours, which no round waits for but the next. */
  #compaction: Promise<void> = Promise.resolve()

  constructor(folder: string, duck: Duck, { job, keptMs = KEPT_MS }: LakeOptions) {
    this.#job = job
    this.#folder = folder
    this.#duck = duck
    this.#polls = new LakeTable(duck, folder, pollsShape(), keptMs)
    const depth = recordShape('exchange_depth', 'exchange-depth')
    this.#depth = new LakeTable(duck, folder, depth, keptMs)
    const analytics = recordShape('market_analytics', 'market-analytics')
    this.#analytics = new LakeTable(duck, folder, analytics, keptMs)
  }

  /**
   * Writes a round for good; a second time it gives the same bytes.
   *
   * @throws DepthlineError also BAD_RECORD where a value does not fit its column
   */
  async write({ pollAt, polls, depth, analytics }: LakeRound): Promise<void> {
    if ([...depth, ...analytics].some((record) => record.poll_at !== pollAt)) {
      throw new Error('a record of another round')
    }
    await this.#compacted()
    await this.#attempt(async () => {
      if (!this.#isRepaired) await this.#begin()
      const raw = polls.map((poll, position) => ({ round_at: pollAt, position, ...poll }))
      if (raw.length > 0) await this.#polls.write(pollAt, raw)
      if (depth.length > 0) await this.#depth.write(pollAt, rows(depth))
      if (analytics.length > 0) await this.#analytics.write(pollAt, rows(analytics))
    })
    this.#compaction = this.#attempt(async () => {
      for (const table of this.#tables) await table.compact()
    })
    // The next round, or the end, throws what went wrong.
    this.#compaction.catch(() => {})
  }

  /** Waits until older hours are compacted. */
  async close(): Promise<void> {
    try {
      await this.#compacted()
      await this.#attempt(async () => {
        for (const table of this.#tables) await table.removeReplaced()
      })
    } finally {
      this.#duck.close()
    }
  }

  async #begin(): Promise<void> {
    if (this.#job !== undefined) await claim(this.#folder, this.#job)
    for (const table of this.#tables) await table.repair()
    this.#isRepaired = true
  }

  get #tables(): readonly LakeTable[] {
    return [this.#polls, this.#depth, this.#analytics]
  }

  async #compacted(): Promise<void> {
    const compaction = this.#compaction
    // A compaction that failed is tried again after the next round.
    this.#compaction = Promise.resolve()
    await compaction
  }

  #attempt<T>(step: () => Promise<T>): Promise<T> {
    return attempt(this.#folder, step)
  }
}

/** Writes whose lake it is, or finds that it is somebody else's. */
async function claim(folder: string, job: string): Promise<void> {
  await makeFolder(join(folder, '.files'))
  const file = join(folder, '.files', 'job')
  const owner = await readFile(file, 'utf8').catch((error) => {
    if (isMissing(error)) return undefined
    throw error
  })
  if (owner === undefined) return writeFile(file, job)
  if (owner === job) return
  const message = `the lake in ${folder} is of ${owner}, and ${job} would overwrite it: give it another DEPTHLINE_DATA`
  throw new DepthlineError('USAGE', message)
}

/** A record's own type names its fields; a row is told by its columns. */
function rows(records: readonly object[]): readonly Row[] {
  return records as readonly Row[]
}
