/** Puts order events of every kind into the simulated input, most of them plain, some hostile. */
import { type HostileRecord, hostileRecords } from '../hostile-records.js'
import { Random } from '../random.js'
import { INPUT_START_MS } from './input-log.js'
import { naiveEvent } from './oracle-book.js'
import type { World } from './world.js'

const HOSTILE_SHARE = 0.12
const TOMBSTONE_SHARE = 0.02
const LONG = 4_096
const LONG_SHARE = 0.2
const GAP_CHANCE = 0.15

const encoder = new TextEncoder()

export class InputWriter {
  readonly #world: World
  readonly #random: Random
  readonly #hostile: Generator<HostileRecord, never>
  #left: number

  constructor(world: World) {
    this.#world = world
    this.#random = new Random(~world.seed)
    this.#hostile = hostileRecords(world.seed)
    this.#left = world.plan.records
  }

  /** Appends the backlog at once and the rest, burst by burst, until the faults stop. */
  start(): void {
    const { plan } = this.#world
    this.#append(plan.backlog)
    this.#scheduleBurst((plan.seconds * 1000) / Math.max(1, this.#left / 5))
  }

  /** Appends what is left; another log goes on past the one before, for one that stands still says nothing. */
  finish(): void {
    const { input, plan } = this.#world
    this.#append(this.#left)
    if (!input.isReplaced) return
    for (let partition = 0; partition < plan.partitions; partition++) {
      const end = Number(input.history[partition]!.at(-1)?.offset ?? 0)
      do input.append(partition, { key: null, value: null, timestamp: '667' })
      while (input.ranges()[partition]!.high <= end + 1)
    }
  }

  #scheduleBurst(meanMs: number): void {
    this.#world.scheduler.after(this.#random.next() * 2 * meanMs, () => {
      if (this.#left === 0 || this.#world.input.isReplaced) return
      this.#append(1 + this.#random.below(9))
      this.#scheduleBurst(meanMs)
    })
  }

  #append(count: number): void {
    const { input, plan, scheduler } = this.#world
    if (input.isReplaced) return
    for (let number = Math.min(count, this.#left); number > 0; number--) {
      const { value, key, partition } = this.#next()
      if (plan.faults.has('gaps') && this.#random.chance(GAP_CHANCE)) {
        input.skip(partition, 1 + this.#random.below(3))
      }
      const timestamp = String(INPUT_START_MS + Math.floor(scheduler.now))
      input.append(partition, { key: key === null ? null : encoder.encode(key), value, timestamp })
      if (plan.faults.has('gaps') && this.#random.chance(0.1)) input.skip(partition, 1)
      this.#left--
    }
  }

  #next(): { value: Uint8Array | null; key: string | null; partition: number } {
    const random = this.#random
    const { isKeyed } = this.#world.plan
    if (random.chance(TOMBSTONE_SHARE)) return { ...{ value: null, key: 'x' }, ...this.#anywhere() }
    if (random.chance(HOSTILE_SHARE)) {
      const value = this.#hostileValue()
      const event = value === null ? '' : naiveEvent(value)
      const key = typeof event === 'string' ? null : event.id
      return { value, key, ...(isKeyed && key !== null ? this.#byKey(key) : this.#anywhere()) }
    }
    const id = random.below(this.#world.plan.ids)
    // An id is its text, however it is spelled.
    const text = id % 5 === 3 ? `t-${id}` : `${id}`
    const spelled = id % 5 === 3 || random.chance(0.1) ? `"${text}"` : text
    const value = encoder.encode(random.chance(0.6) ? this.#open(id, spelled) : closed(spelled))
    return { value, key: text, ...(isKeyed ? this.#byKey(text) : this.#anywhere()) }
  }

  #hostileValue(): Uint8Array | null {
    const { value } = this.#hostile.next().value
    // The long ones take as long as everything else together.
    const isTaken = value === null || value.length < LONG || this.#random.chance(LONG_SHARE)
    return isTaken ? value : this.#hostileValue()
  }

  #open(id: number, spelled: string): string {
    const random = this.#random
    const { symbols } = this.#world.plan
    const symbol = `S${random.chance(0.97) ? id % symbols : random.below(symbols + 1)}`
    const isSame = random.chance(0.5)
    const price = isSame ? 90 + (id % 20) : 85 + random.below(30)
    const size = isSame ? `${1 + (id % 7)}` : `${1 + random.below(9)}.${random.below(100)}`
    const side = (isSame ? id % 2 === 0 : random.chance(0.5)) ? 'BUY' : 'SELL'
    return `{"order_id":${spelled},"symbol":"${symbol}","order_side":"${side}","size":${size},"price":${price}.5,"status":"OPEN","created_at":1}`
  }

  #byKey(key: string): { partition: number } {
    let hash = 7
    for (let at = 0; at < key.length; at++) hash = (hash * 31 + key.charCodeAt(at)) >>> 0
    return { partition: hash % this.#world.plan.partitions }
  }

  #anywhere(): { partition: number } {
    return { partition: this.#random.below(this.#world.plan.partitions) }
  }
}

function closed(spelled: string): string {
  return `{"order_id":${spelled},"status":"CLOSED"}`
}
