/** Judges how the processes ended, and that the last of them got to the end of the input. */
import { DepthlineError } from '../../errors.js'
import { isWhole, type OracleBooks } from './oracle-books.js'
import type { SimulatedProcess } from './process.js'
import type { Recovery } from './simulate.js'
import type { World } from './world.js'

export function judgeEnds(world: World, recovery: Recovery, books: OracleBooks): string[] {
  const wrong: string[] = []
  for (const process of world.processes) {
    const reason = judgeEnd(world, process)
    if (reason !== undefined) wrong.push(`${process.name} ${reason}`)
  }
  const isLosable = mayBeLost(world)
  if (recovery === 'late') wrong.push('nobody got to the end of the input after the faults')
  const pause = firstTickAfterCalm(world)
  if (recovery === 'caught up' && pause > FIRST_TICK_MS)
    wrong.push(`no tick for ${pause} ms after the faults`)
  if (recovery === 'log lost' && !isLosable) wrong.push('a log was lost that is still there')
  if (recovery === 'caught up') wrong.push(...judgeCounts(world, books))
  return wrong
}

/** Calls in hand may take their time limit, a standby its patience, and a clock that was set back 5 s. */
const FIRST_TICK_MS = 25_000

function firstTickAfterCalm({ broker, plan }: World): number {
  const calmAt = plan.seconds * 1000
  const first = broker.committed.find(
    ({ writes, committedAt }) => writes.tick !== undefined && committedAt > calmAt,
  )
  return (first?.committedAt ?? Number.POSITIVE_INFINITY) - calmAt
}

function judgeEnd(world: World, process: SimulatedProcess): string | undefined {
  const { end, stoppedAt, isGone } = process
  if (end === undefined) return isGone ? undefined : 'was told to stop and did not leave'
  const { error, at } = end
  if (error === undefined) return stoppedAt === undefined ? 'left without being told' : undefined
  if (!(error instanceof DepthlineError)) return `crashed: ${(error as Error).stack ?? error}`
  const what = `ended with ${error.code} (${error.message})`
  switch (error.code) {
    case 'FENCED':
      return isAnotherThere(world, process, at) ? undefined : `${what}, and there was no other`
    case 'LOG_LOST':
      return mayBeLost(world) ? undefined : `${what}, and the log was there`
    case 'STALLED':
      // It waits for committed records that the new log does not have.
      return world.input.isReplaced ? undefined : what
    case 'KAFKA_UNREACHABLE':
    case 'KAFKA_FAILED':
      // Rivals whose every claim takes over a second may, very rarely, not get past each other.
      if (process.networkFaults > 0 || world.plan.faults.has('sluggishness')) return undefined
      return `${what}, and Kafka was there`
    default:
      return what
  }
}

function mayBeLost({ input }: World): boolean {
  return input.isReplaced || input.ranges().some(({ low }) => low > 0)
}

/** True where another one's commit lay there when it ended, and none of its own comes behind that. */
function isAnotherThere({ broker }: World, process: SimulatedProcess, until: number): boolean {
  const last = broker.committed.findLast(({ committedAt }) => committedAt <= until)
  const own = broker.committed.findLast(({ by }) => by === process)
  if (last === undefined || last.by === process) return false
  return own === undefined
    ? last.committedAt >= process.startedAt
    : own.committedAt <= last.committedAt
}

/** At the end of the input every record is counted, whoever applied it. */
function judgeCounts({ broker, plan }: World, books: OracleBooks): string[] {
  const { by, writes } = broker.committed.findLast(({ writes }) => writes.tick !== undefined)!
  const summary = by.end?.summary
  if (summary === undefined || !isWhole(by.base)) return []
  const book = books.from(by.base)
  book.advanceTo(writes.progress.offsets)
  const { records, applied, ignored, rejected, tombstones } = summary
  const found = { records, applied, ignored, rejected, tombstones }
  if (records !== applied + ignored + rejected + tombstones) {
    return [`${by.name} does not count every record: ${JSON.stringify(found)}`]
  }
  const { counts } = book.naive
  const isSame = plan.isKeyed
    ? JSON.stringify(found) === JSON.stringify(counts)
    : records === counts.records && tombstones === counts.tombstones
  return isSame ? [] : [`${by.name} counts ${JSON.stringify(found)}, not ${JSON.stringify(counts)}`]
}
