/** The topic between shards and merger: what is open holds up what lies behind it, and what is old is compacted. */
import type { LevelRecord } from '../../../wire/level-record.js'
import type { Transaction } from '../broker.js'
import type { World } from '../world.js'

export interface TopicRecord {
  readonly offset: number
  readonly record: LevelRecord
}

export interface TopicPiece {
  readonly records: readonly TopicRecord[]
  /** Where reading goes on. */
  readonly position: number
}

interface Entry extends TopicRecord {
  readonly transaction: Transaction
  /** In virtual ms. */
  readonly appendedAt: number
}

/** A tombstone stays for so long after it could have been compacted: a reader from the start must see it. */
const TOMBSTONE_MS = 40_000

class Partition {
  entries: Entry[] = []
  high = 0
  /** All entries before this one are settled. */
  #settled = 0

  append(records: readonly LevelRecord[], transaction: Transaction, appendedAt: number): void {
    for (const record of records) {
      this.entries.push({ offset: this.high++, record, transaction, appendedAt })
    }
  }

  /** The last stable offset: read_committed readers see nothing from there on. */
  get stable(): number {
    while (this.#settled < this.entries.length && isSettled(this.entries[this.#settled]!)) {
      this.#settled++
    }
    return this.entries[this.#settled]?.offset ?? this.high
  }

  /** Keeps, of what lies before `end`, the newest record of each key; gone levels too, for a while. */
  compact(end: number, now: number, ageMs: number): number {
    const newest = new Map<string, Entry>()
    const isOld = (entry: Entry) => entry.offset < end
    for (const entry of this.entries) {
      if (isOld(entry) && isCommitted(entry)) newest.set(entry.record.key, entry)
    }
    const isKept = (entry: Entry) => {
      if (!isOld(entry)) return true
      if (newest.get(entry.record.key) !== entry) return false
      return entry.record.value !== null || entry.appendedAt > now - ageMs - TOMBSTONE_MS
    }
    const before = this.entries.length
    this.entries = this.entries.filter(isKept)
    this.#settled = 0
    return before - this.entries.length
  }
}

export class LevelsTopic {
  readonly #world: World
  readonly #partitions: readonly Partition[]

  constructor(world: World, partitions: number) {
    this.#world = world
    this.#partitions = Array.from({ length: partitions }, () => new Partition())
  }

  get partitions(): number {
    return this.#partitions.length
  }

  append(partition: number, records: readonly LevelRecord[], transaction: Transaction): void {
    this.#partitions[partition]!.append(records, transaction, this.#world.scheduler.now)
  }

  /** An offset that a transaction's marker takes. */
  skip(partition: number): void {
    this.#partitions[partition]!.high++
  }

  /** For each partition, the offset after its last record, committed or not. */
  ends(): number[] {
    return this.#partitions.map(({ high }) => high)
  }

  /** All records from `from` on, as only a mutant reads them. */
  readUncommitted(partition: number, from: number): TopicPiece {
    const { entries, high } = this.#partitions[partition]!
    return { records: entries.slice(firstFrom(entries, from)), position: high }
  }

  /** At most `count` committed records from `from` on, and where reading goes on. */
  read(partition: number, from: number, count: number): TopicPiece {
    const { entries, stable } = this.#partitions[partition]!
    const records: TopicRecord[] = []
    for (let at = firstFrom(entries, from); at < entries.length; at++) {
      const entry = entries[at]!
      if (entry.offset >= stable) break
      if (!isCommitted(entry)) continue
      records.push(entry)
      if (records.length === count) return { records, position: entry.offset + 1 }
    }
    return { records, position: Math.max(from, stable) }
  }

  /** Compacts a random part of what is old enough, wherever transactions begin and end in it. */
  compact(ageMs: number): void {
    const { random, scheduler } = this.#world
    for (const partition of this.#partitions) {
      const { entries, stable } = partition
      const young = entries.find(({ appendedAt }) => appendedAt > scheduler.now - ageMs)
      const most = Math.min(stable, young?.offset ?? stable)
      const end = random.chance(0.5) ? most : random.below(most + 1)
      const removed = partition.compact(end, scheduler.now, ageMs)
      if (removed > 0) this.#world.count('records compacted', removed)
    }
  }
}

function isSettled({ transaction }: Entry): boolean {
  return transaction.state === 'committed' || transaction.state === 'aborted'
}

function isCommitted({ transaction }: Entry): boolean {
  return transaction.state === 'committed'
}

function firstFrom(entries: readonly Entry[], offset: number): number {
  let [low, high] = [0, entries.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (entries[middle]!.offset < offset) low = middle + 1
    else high = middle
  }
  return low
}
