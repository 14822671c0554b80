/** Judges which marks a tick was made of: what it calls stale, and that nothing newer lay there. */
import type { Mark } from '../../../wire/level-record.js'
import type { Transaction } from '../broker.js'
import { shardName } from './shard-log.js'
import type { ShardWorld } from './shard-world.js'

/** A mark so many seconds ahead of the merger's clock counts for the second after it is read. */
const MAX_AHEAD_S = 2

/** From when a tick is due until it is committed it takes so long at most, unless its process stood still. */
const STEPPED_MS = 2_000

type Published = Pick<Mark, 'tick' | 'sequence'> & { readonly committedAt: number }

export class Marks {
  readonly #shards: ShardWorld
  /** By partition and offset. */
  readonly #marks: readonly Map<number, Published[]>[]

  constructor(shards: ShardWorld) {
    this.#shards = shards
    const { plan, broker } = shards.world
    this.#marks = Array.from({ length: plan.partitions }, (_, partition) => {
      const marks = new Map<number, Published[]>()
      for (const { job, writes, committedAt } of broker.committed) {
        if (job !== shardName(partition) || writes.mark === undefined) continue
        const { tick, offset } = writes.mark
        const { sequence } = writes.progress
        marks.set(offset, [...(marks.get(offset) ?? []), { tick, sequence, committedAt }])
      }
      return marks
    })
  }

  judge(transaction: Transaction, offsets: readonly number[]): string | undefined {
    const { headers } = transaction.writes.tick!
    const stale: Record<string, number> = JSON.parse(headers.stale ?? '{}')
    const seconds = secondsOf(transaction)
    if (seconds === undefined) return undefined
    for (const [partition, offset] of offsets.entries()) {
      const age = stale[partition] ?? 0
      const published = (this.#marks[partition]!.get(offset) ?? []).filter(
        ({ committedAt }) => committedAt <= transaction.committedAt,
      )
      if (published.length === 0) return `no mark of partition ${partition} is at ${offset}`
      const fitting = published.filter((mark) =>
        seconds.some((second) => this.#mayBe(mark.tick, second, age)),
      )
      const newest = fitting.at(-1)
      if (newest === undefined) {
        const ticks = published.map((mark) => mark.tick)
        return `partition ${partition} is ${age} s old, and its marks are of ${ticks}`
      }
      const seen = this.#seenBefore(transaction, partition, Math.min(...seconds))
      if (seen > newest.sequence) {
        return `mark ${seen} of partition ${partition} was there, and it has ${newest.sequence}`
      }
    }
    const strange = Object.entries(stale).filter(([, age]) => !(Number.isInteger(age) && age > 0))
    return strange.length === 0 ? undefined : `ages ${headers.stale}`
  }

  /** Whether a tick may call a part so old, in seconds, whose mark is of `marked`. */
  #mayBe(marked: number, second: number, age: number): boolean {
    if (age === 0) return marked >= second
    const { faults, clockSpreadMs = 0 } = this.#shards.world.plan
    const mayBeAhead = faults.has('clockSteps') || clockSpreadMs >= 1_000
    return marked === second - age || (mayBeAhead && marked > second - age + MAX_AHEAD_S - 1)
  }

  /** The newest mark that its process had when the second began; 0 where that cannot be said. */
  #seenBefore({ by, committedAt }: Transaction, partition: number, second: number): number {
    if (by.host.isStepped(committedAt)) return 0
    const begunAt = by.host.timeOf(second * 1000)
    let newest = 0
    for (const sighting of this.#shards.sightings) {
      if (sighting.at >= begunAt) break
      if (sighting.by !== by || sighting.partition !== partition) continue
      if (sighting.mark.tick <= second) newest = Math.max(newest, sighting.mark.sequence)
    }
    return newest
  }
}

/**
 * What marks are measured by: the tick, or, where that is ahead of the clock, the clock, which
 * may go on meanwhile. Undefined where it was stepped meanwhile.
 */
function secondsOf({ by, writes, wallMs, committedAt }: Transaction): number[] | undefined {
  const { tick, headers } = writes.tick!
  if (headers.clock === undefined) return [tick]
  const isStepped = by.host.steps.some((at) => at > committedAt - STEPPED_MS && at < committedAt)
  const wall = Math.floor(wallMs / 1000)
  return isStepped ? undefined : [wall, wall - 1]
}
