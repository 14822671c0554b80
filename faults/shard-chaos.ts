/** Members killed, stopped, paused and added every few seconds, and the merger with them. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Random } from '../src/testing/random.js'
import { Fleet, type FleetVerdict, type Member } from './fleet.js'
import { note } from './sections.js'

export interface ChaosOptions {
  readonly brokers: string
  readonly seconds: number
  readonly rate: number
  readonly seed: number
}

export interface ChaosResult {
  /** How often each was done. */
  readonly done: Readonly<Record<string, number>>
  readonly verdict: FleetVerdict
  readonly failures: readonly string[]
  readonly isKept: boolean
}

const PARTITIONS = 8
const MAX_SHARDS = 4
/** A member that is paused for longer than its session of 6 s loses its partitions, for shorter it does not. */
const MAX_PAUSE_MS = 10_000

export async function shardChaos(options: ChaosOptions): Promise<ChaosResult> {
  const wanted = { ...options, name: 'chaos', partitions: PARTITIONS }
  const fleet = await Fleet.open(wanted, ['shard', 'shard', 'merge', 'merge'])
  const chaos = new Chaos(fleet, new Random(options.seed))
  const endMs = Date.now() + options.seconds * 1000
  while (Date.now() < endMs) {
    await sleep(2_000 + chaos.random.below(3_000))
    await chaos.strike()
  }
  await chaos.settle()
  const { isKept, ...verdict } = await fleet.close()
  const done = { ...chaos.done, 'merge fenced': fleet.fenced }
  return { done, verdict: { ...verdict, isKept }, failures: fleet.failures, isKept }
}

class Chaos {
  readonly random: Random
  readonly done: Record<string, number> = {}
  readonly #fleet: Fleet
  readonly #paused = new Set<Promise<void>>()
  #hosts = 0

  constructor(fleet: Fleet, random: Random) {
    this.#fleet = fleet
    this.random = random
  }

  async strike(): Promise<void> {
    this.#replaceMergers()
    const kind = this.random.below(100)
    const shards = this.#fleet.of('shard')
    if (shards.length < MAX_SHARDS && (kind < 30 || shards.length < 2)) return this.#add()
    if (kind < 80) return this.#hit(this.random.pick(shards))
    return this.#hit(this.random.pick(this.#fleet.of('merge')))
  }

  /** Lets those that are paused go on, and has two of each. */
  async settle(): Promise<void> {
    await Promise.all(this.#paused)
    this.#replaceMergers()
    if (this.#fleet.of('shard').length === 0) this.#add()
  }

  #add(): void {
    // Some share the snapshots of another, as on one host, and some have a disk of their own.
    const host = this.random.below(2) === 0 ? 'host' : `host-${++this.#hosts}`
    this.#fleet.start('shard', host)
    this.#count('shard added')
  }

  async #hit(member: Member): Promise<void> {
    const { role } = member
    const kind = this.random.below(3)
    if (kind === 2 && !member.isPaused) return this.#pause(member)
    const signal = kind === 0 ? 'SIGKILL' : 'SIGTERM'
    this.#count(`${role} ${kind === 0 ? 'killed' : 'stopped'}`)
    await this.#fleet.end(member, signal)
    this.#replaceMergers()
  }

  #pause(member: Member): void {
    this.#count(`${member.role} paused`)
    member.isPaused = true
    member.process.signal('SIGSTOP')
    const over = sleep(500 + this.random.below(MAX_PAUSE_MS)).then(async () => {
      member.process.signal('SIGCONT')
      member.isPaused = false
      await sleep(3_000)
      this.#replaceMergers()
    })
    this.#paused.add(over)
  }

  #replaceMergers(): void {
    while (this.#fleet.of('merge').length < 2) this.#fleet.start('merge')
  }

  #count(what: string): void {
    this.done[what] = (this.done[what] ?? 0) + 1
    note(what)
  }
}
