/** The lake: raw answers, depth and analytics as Parquet files that any tool can read. */
import type {
  EpochMs,
  ExchangeDepth,
  ExchangePoll,
  MarketAnalytics,
} from '../wire/exchange-records.js'
import { type Column, columnsOf } from './avro-columns.js'
import { Duck } from './duck.js'
import { attempt } from './durable-files.js'
import { type RawRound, readRounds } from './lake-reader.js'
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
 * @param keptMs how long a folder that an hour's file has replaced is kept for those who are listing it
 * @throws DepthlineError FILE_FAILED, as all methods do
 */
export async function openLake(folder: string, keptMs = KEPT_MS): Promise<Lake> {
  return new Lake(folder, await attempt(folder, () => Duck.open()), keptMs)
}

export class Lake {
  readonly #folder: string
  readonly #duck: Duck
  readonly #polls: LakeTable
  readonly #depth: LakeTable
  readonly #analytics: LakeTable
  #isRepaired = false
  /** The work on older hours, which no round waits for but the next. */
  #compaction: Promise<void> = Promise.resolve()

  constructor(folder: string, duck: Duck, keptMs: number) {
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
      if (!this.#isRepaired) for (const table of this.#tables) await table.repair()
      this.#isRepaired = true
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

  /** See {@link readRounds}; of what is written when it comes to it. */
  rounds(): AsyncGenerator<RawRound> {
    return readRounds(this.#folder)
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

/** A record's own type names its fields; a row is told by its columns. */
function rows(records: readonly object[]): readonly Row[] {
  return records as readonly Row[]
}
