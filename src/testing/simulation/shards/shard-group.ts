/** The consumer group of the shards: who is a member, who is thought dead, and who learns of it when. */
import type { ShardGroup } from '../../../jobs/ports.js'
import { divide } from '../../../kafka/sticky-assigner.js'
import type { SimulatedProcess } from '../process.js'
import type { World } from '../world.js'

/** So long a silent member counts as one. */
const SESSION_MS = 6_000
const LOOK_MS = 500

interface Member {
  readonly process: SimulatedProcess
  readonly assign: (partitions: readonly number[]) => void
  /** What it has been told last. */
  owned: readonly number[]
  /** When it was last heard of. */
  heardAt: number
  /** When the last assignment on its way to it comes. */
  due: number
  hasLeft: boolean
}

export class SimulatedGroup {
  readonly #world: World
  readonly #partitions: readonly number[]
  #members: Member[] = []
  #isRebalancing = false

  constructor(world: World, partitions: number) {
    this.#world = world
    this.#partitions = Array.from({ length: partitions }, (_, partition) => partition)
  }

  /** The coordinator's work. */
  start(): void {
    this.#world.scheduler.after(LOOK_MS, () => {
      this.#look()
      this.start()
    })
  }

  membershipOf(process: SimulatedProcess): ShardGroup {
    const { random } = this.#world
    return {
      join: (assign, signal) => {
        const member: Member = {
          ...{ process, assign, owned: [], heardAt: 0, due: 0, hasLeft: false },
        }
        process.after(random.below(150), () => this.#enter(member))
        return new Promise((resolve) => {
          const leave = () =>
            process.after(random.below(50), () => {
              member.hasLeft = true
              this.#remove(member)
              resolve()
            })
          if (signal.aborted) leave()
          else signal.addEventListener('abort', leave)
        })
      },
    }
  }

  /** Takes a member that lives for dead, until it has joined again. */
  expel(): void {
    const { random } = this.#world
    if (this.#members.length > 0) this.#expire(random.pick(this.#members))
  }

  #enter(member: Member): void {
    if (member.hasLeft) return
    if (this.#world.network.isAway) {
      member.process.after(500, () => this.#enter(member))
      return
    }
    member.heardAt = this.#world.scheduler.now
    this.#members.push(member)
    this.#rebalance()
  }

  #look(): void {
    const { now } = this.#world.scheduler
    // While the coordinator is away, nobody's session runs out.
    for (const member of [...this.#members]) {
      if (isThere(member) || this.#world.network.isAway) member.heardAt = now
      else if (now - member.heardAt >= SESSION_MS) this.#expire(member)
    }
  }

  #expire(member: Member): void {
    this.#world.count('sessions that ran out')
    this.#world.note(member.process.name, 'is no member any more')
    this.#remove(member)
    // It finds out at its next heartbeat; one that stands still, when it goes on.
    member.process.after(this.#world.random.below(2_500), () => this.#enter(member))
  }

  #remove(member: Member): void {
    if (!this.#members.includes(member)) return
    this.#members = this.#members.filter((other) => other !== member)
    this.#rebalance()
  }

  #rebalance(): void {
    if (this.#isRebalancing) return
    this.#isRebalancing = true
    this.#world.scheduler.after(50, () => this.#complete())
  }

  /** All members must have answered, or be members no more. */
  #complete(): void {
    const { network, scheduler, random, plan, isCalm } = this.#world
    if (network.isAway || !this.#members.every(isThere)) {
      scheduler.after(LOOK_MS, () => this.#complete())
      return
    }
    this.#isRebalancing = false
    if (this.#members.length === 0) return
    this.#world.count('rebalances')
    const claims = this.#members.map(({ process, owned }) => ({ id: process.name, owned }))
    const shares = divide(this.#partitions, claims)
    for (const member of this.#members) {
      const isLate = !isCalm && plan.faults.has('lateAssignments') && random.chance(0.4)
      const delay = isLate ? random.below(4_000) : random.below(60)
      member.due = Math.max(member.due, scheduler.now + delay)
      this.#tell(member, shares.get(member.process.name)!)
    }
  }

  #tell(member: Member, given: readonly number[]): void {
    member.process.after(member.due - this.#world.scheduler.now, () => {
      if (member.hasLeft) return
      member.owned = given
      this.#world.note(member.process.name, `is given ${given}`)
      member.assign(given)
    })
  }
}

function isThere({ process }: Member): boolean {
  return !process.isGone && !process.isPaused
}
