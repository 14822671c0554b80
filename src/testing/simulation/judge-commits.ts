/** Judges what read_committed consumers see: ticks, dead letters and offsets, commit by commit. */
import type { BookWrites } from '../../jobs/ports.js'
import type { DeadLetter } from '../../wire/records.js'
import type { Transaction } from './broker.js'
import { judgeDeadLetters } from './judge-dead-letters.js'
import { isWhole, type OracleBook, type OracleBooks } from './oracle-books.js'
import { VERSION } from './supervisor.js'
import type { World } from './world.js'

/** What the commits before have come to. */
interface Before {
  offsets: readonly number[]
  tick: number | undefined
  /** Dead letters since that tick. */
  rejected: number
}

/** The first thing that was wrong: what comes after it is wrong because of it. */
export function judgeCommits(world: World, books: OracleBooks): string[] {
  const before: Before = { offsets: [], tick: undefined, rejected: 0 }
  const seen = new Set<string>()
  for (const transaction of world.broker.committed) {
    const { by, writes } = transaction
    const offsets = offsetsOf(writes)
    const book = books.from(by.base)
    const wrong =
      judgeOffsets(world, transaction, before) ??
      judgeDeadLetters(world, {
        letters: writes.deadLetters,
        rejected: rejectedIn(book, offsets, before),
        seen,
      }) ??
      judgeTick(world, { transaction, before, book })
    if (wrong !== undefined) {
      const what = writes.tick === undefined ? 'a commit' : `tick ${writes.tick.tick}`
      return [`${what} of ${by.name} at ${transaction.committedAt.toFixed(0)} ms: ${wrong}`]
    }
    moveOn(before, transaction, writes.deadLetters)
  }
  return []
}

function moveOn(before: Before, { writes }: Transaction, letters: readonly DeadLetter[]): void {
  before.offsets = offsetsOf(writes)
  before.rejected += letters.length
  if (writes.tick === undefined) return
  before.tick = writes.tick.tick
  before.rejected = 0
}

/** What consumers are told: of a tick that is its header, and the progress record is nobody's business. */
function offsetsOf({ tick, progress }: BookWrites): readonly number[] {
  if (tick === undefined) return progress.offsets
  return Object.values(JSON.parse(tick.headers.offsets!))
}

/** What was rejected between the last commit and this one. */
function rejectedIn(book: OracleBook, offsets: readonly number[], before: Before) {
  const rejected = book.advanceTo(offsets)
  return rejected.filter(
    ({ partition, record }) => Number(record.offset) >= (before.offsets[partition] ?? 0),
  )
}

function judgeOffsets(world: World, { by, writes }: Transaction, before: Before) {
  const offsets = offsetsOf(writes)
  const back = before.offsets.findIndex((offset, partition) => (offsets[partition] ?? -1) < offset)
  if (back >= 0) return `offsets went back from ${before.offsets} to ${offsets}`
  const beyond = offsets.findIndex((offset, partition) => {
    const last = world.input.history[partition]?.at(-1)
    return offset > Number(last?.offset ?? -1) + 1 && offset !== by.base[partition]
  })
  if (beyond >= 0) return `offsets ${offsets} are beyond the input that there was`
  return undefined
}

function judgeTick(
  world: World,
  { transaction, before, book }: { transaction: Transaction; before: Before; book: OracleBook },
): string | undefined {
  const { writes, by } = transaction
  const { tick, deadLetters } = writes
  const offsets = offsetsOf(writes)
  if (tick === undefined) return undefined
  if (before.tick !== undefined && tick.tick <= before.tick) return `it came after ${before.tick}`
  const value = book.naive.message(world.plan.levels)
  const published = new TextDecoder().decode(tick.value)
  if (published !== value) {
    return `at ${offsets} it is ${published.slice(0, 300)}, not ${value.slice(0, 300)}`
  }
  const expected: Record<string, string> = {
    tick: String(tick.tick),
    offsets: JSON.stringify(Object.fromEntries(offsets.entries())),
    missed: String(before.tick === undefined ? 0 : tick.tick - before.tick - 1),
    rejected: String(before.rejected + deadLetters.length),
    crossed: JSON.stringify(book.naive.crossed()),
    version: VERSION,
    ...(isWhole(by.base) ? {} : { incomplete: 'true' }),
    ...(tick.headers.clock === undefined ? {} : { clock: 'held' }),
  }
  for (const name of new Set([...Object.keys(expected), ...Object.keys(tick.headers)])) {
    if (tick.headers[name] === expected[name]) continue
    return `header ${name} is ${tick.headers[name]}, not ${expected[name]}`
  }
  if (world.plan.faults.size === 0 && expected.missed !== '0') return 'without any fault it missed'
  return judgeTime(world, transaction, tick.headers.clock !== undefined)
}

/** Ticks belong to their second, by the clock of the process. */
export function judgeTime({ plan }: World, transaction: Transaction, isHeld: boolean) {
  const { by, writes, wallMs, committedAt } = transaction
  const start = writes.tick!.tick * 1000
  if (wallMs >= start + 1000) return `it was committed ${wallMs - start} ms after its second began`
  if (plan.faults.has('clockSteps') || by.host.isStepped(committedAt)) return undefined
  if (isHeld) return 'the clock was held though it never stepped'
  return wallMs < start ? `it was committed ${start - wallMs} ms before its second` : undefined
}
