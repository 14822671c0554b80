/** Judges what a partition's shards have committed, one owner after another: levels, marks and dead letters. */

import { recordHash } from '../../../wire/progress.js'
import { parseTickMessage } from '../../../wire/tick-message.js'
import type { Transaction, Writes } from '../broker.js'
import { judgeDeadLetters } from '../judge-dead-letters.js'
import { OracleBook } from '../oracle-books.js'
import type { World } from '../world.js'
import { shardName } from './shard-log.js'

/** What the commits before have come to. */
interface Before {
  offset: number
  tick: number
  /** By key, what the topic holds. */
  readonly levels: Map<string, string>
  /** The places of all dead letters. */
  readonly seen: Set<string>
}

/** The first thing that was wrong: what comes after it is wrong because of it. */
export function judgePartition(world: World, partition: number): string[] {
  const book = new OracleBook(world.input, [], world.plan.closedWindow)
  const before: Before = { offset: 0, tick: 0, levels: new Map(), seen: new Set() }
  for (const transaction of world.broker.committed) {
    if (transaction.job !== shardName(partition)) continue
    const { by, writes, committedAt } = transaction
    const wrong = judgeCommit(world, { partition, book, before, transaction })
    if (wrong !== undefined) {
      const what = `a commit of partition ${partition} by ${writes.progress.owner} of ${by.name}`
      return [`${what} at ${committedAt.toFixed(0)} ms: ${wrong}`]
    }
  }
  return []
}

interface Commit {
  readonly partition: number
  readonly book: OracleBook
  readonly before: Before
  readonly transaction: Transaction
}

function judgeCommit(world: World, { partition, book, before, transaction }: Commit) {
  const { writes } = transaction
  const { mark = before, levels = [], deadLetters } = writes
  // What readers are told; the progress record is nobody's business.
  const { offset, tick } = mark
  if (offset < before.offset) return `it went back from offset ${before.offset} to ${offset}`
  if (tick < before.tick) return `it went back from second ${before.tick} to ${tick}`
  if (offset > world.input.ends()[partition]!) return `offset ${offset} is beyond the input`
  Object.assign(before, { offset, tick })
  const rejected = book.advanceTo(alone(world, partition, offset))
  const letters = { letters: deadLetters, rejected, seen: before.seen }
  for (const { key, value } of levels) {
    if (value === null) before.levels.delete(key)
    else before.levels.set(key, value)
  }
  return (
    judgeDeadLetters(world, letters) ??
    judgeMark(world, { partition, book, offset, writes }) ??
    judgeLevels(partition, book, before.levels)
  )
}

function alone({ plan }: World, partition: number, offset: number): number[] {
  return Array.from({ length: plan.partitions }, (_, at) => (at === partition ? offset : 0))
}

interface Marked {
  readonly partition: number
  readonly book: OracleBook
  readonly offset: number
  readonly writes: Writes
}

function judgeMark({ input }: World, { partition, book, offset, writes }: Marked) {
  const { mark, levels = [] } = writes
  if (mark === undefined) return levels.length === 0 ? undefined : 'levels without a mark'
  const records = input.history[partition]!
  const last = records.findLast((record) => Number(record.offset) < offset)
  const { counts, openOrders, waitingCloses } = book.naive
  const expected = {
    ...{ openOrders, waitingCloses, isIncomplete: false },
    lastRecord: last === undefined ? '' : recordHash(last),
    rejected: counts.rejected,
  }
  for (const [name, value] of Object.entries(expected)) {
    const found = mark[name as keyof typeof mark]
    if (found !== value) return `its mark's ${name} is ${found}, not ${value}`
  }
  return undefined
}

/** With each commit the topic holds exactly the partition's book. */
function judgeLevels(partition: number, { naive }: OracleBook, levels: Map<string, string>) {
  const rows = parseTickMessage(naive.message())!
  if (rows.length !== levels.size) return `it leaves ${levels.size} levels, not ${rows.length}`
  for (const { symbol, side, price, amount } of rows) {
    const key = `${partition} ${symbol} ${side.startsWith('buy') ? 'BUY' : 'SELL'} ${price}`
    if (levels.get(key) !== amount) return `level ${key} is ${levels.get(key)}, not ${amount}`
  }
  return undefined
}
