/** Judges what read_committed consumers see of the merger: each tick the naive book of exactly its offsets. */

import { stateHash } from '../../../wire/progress.js'
import { finish } from '../../../wire/steps.js'
import { JOB, type Transaction } from '../broker.js'
import { judgeTime } from '../judge-commits.js'
import { OracleBook } from '../oracle-books.js'
import { VERSION } from '../supervisor.js'
import { Marks } from './judge-marks.js'
import type { ShardWorld } from './shard-world.js'

/** Members have found their places by then. */
const SETTLED_MS = 12_000

/** What the ticks before have come to. */
interface Before {
  offsets: readonly number[]
  tick: number | undefined
  rejected: number
}

interface Judged {
  readonly transaction: Transaction
  readonly book: OracleBook
  readonly marks: Marks
  readonly before: Before
}

/** The first thing that was wrong: what comes after it is wrong because of it. */
export function judgeMergedTicks(shards: ShardWorld): string[] {
  const { world } = shards
  const book = new OracleBook(world.input, [], world.plan.closedWindow)
  const marks = new Marks(shards)
  const before: Before = { offsets: [], tick: undefined, rejected: 0 }
  for (const transaction of world.broker.committed) {
    const { job, writes, by, committedAt } = transaction
    if (job !== JOB || writes.tick === undefined) continue
    const wrong = judgeTick(shards, { transaction, book, marks, before })
    if (wrong !== undefined) {
      const { tick } = writes.tick
      return [`tick ${tick} of ${by.name} at ${committedAt.toFixed(0)} ms: ${wrong}`]
    }
  }
  return []
}

function judgeTick(shards: ShardWorld, judged: Judged): string | undefined {
  const { world } = shards
  const { transaction, book, marks, before } = judged
  const { writes } = transaction
  const { tick, headers, value } = writes.tick!
  const offsets: number[] = Object.values(JSON.parse(headers.offsets!))
  if (before.tick !== undefined && tick <= before.tick) return `it came after ${before.tick}`
  const back = before.offsets.findIndex((offset, partition) => (offsets[partition] ?? -1) < offset)
  if (back >= 0) return `offsets went back from ${before.offsets} to ${offsets}`
  if (offsets.length !== world.plan.partitions) return `it has ${offsets.length} partitions`
  book.advanceTo(offsets)
  const message = book.naive.message(world.plan.levels)
  const published = new TextDecoder().decode(value)
  if (published !== message) {
    return `at ${offsets} it is ${published.slice(0, 300)}, not ${message.slice(0, 300)}`
  }
  const isHeld = headers.clock !== undefined
  const wrong =
    judgeHeaders(judged, offsets) ??
    judgeProgress(world.plan.levels, judged, offsets) ??
    marks.judge(transaction, offsets) ??
    judgeTime(world, transaction, isHeld)
  if (wrong !== undefined) return wrong
  if (world.plan.faults.size === 0) {
    if (headers.missed !== '0') return 'without any fault it missed'
    if (headers.stale !== undefined && transaction.committedAt > SETTLED_MS) {
      return `without any fault it is stale: ${headers.stale}`
    }
  }
  Object.assign(before, { offsets, tick, rejected: book.naive.counts.rejected })
  return undefined
}

function judgeHeaders({ transaction, book, before }: Judged, offsets: readonly number[]) {
  const { tick, headers } = transaction.writes.tick!
  const expected: Record<string, string> = {
    tick: String(tick),
    offsets: JSON.stringify(Object.fromEntries(offsets.entries())),
    missed: String(before.tick === undefined ? 0 : tick - before.tick - 1),
    rejected: String(book.naive.counts.rejected - before.rejected),
    crossed: JSON.stringify(book.naive.crossed()),
    version: VERSION,
    ...(headers.clock === undefined ? {} : { clock: 'held' }),
    // Judged by the marks.
    ...(headers.stale === undefined ? {} : { stale: headers.stale }),
  }
  for (const name of new Set([...Object.keys(expected), ...Object.keys(headers)])) {
    if (headers[name] === expected[name]) continue
    return `header ${name} is ${headers[name]}, not ${expected[name]}`
  }
  return undefined
}

/** One process with all partitions could go on from there. */
function judgeProgress(levels: number, { transaction, book }: Judged, offsets: readonly number[]) {
  const { tick, progress, deadLetters } = transaction.writes
  const { naive } = book
  const { openOrders, waitingCloses } = naive
  const message = new TextEncoder().encode(naive.message(levels))
  const hash = finish(stateHash({ message, levels, openOrders, waitingCloses }))
  if (deadLetters.length > 0) return 'it has dead letters'
  if (progress.tick !== tick!.tick || String(progress.offsets) !== String(offsets)) {
    return `its progress says ${progress.tick} at ${progress.offsets}`
  }
  if (progress.stateHash !== hash) return `its state is ${progress.stateHash}, not ${hash}`
  return progress.rejectedInAll === naive.counts.rejected ? undefined : 'its rejections in all'
}
