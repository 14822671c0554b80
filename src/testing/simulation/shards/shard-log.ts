/** A shard's transactions as its process sees them: levels, then the mark, in sends that may each go wrong. */
import type { ShardLog, ShardOutput, Transactor } from '../../../jobs/ports.js'
import { type LevelRecord, markRecord } from '../../../wire/level-record.js'
import type { Progress } from '../../../wire/progress.js'
import type { Transaction } from '../broker.js'
import type { SimulatedProcess } from '../process.js'
import type { ShardWorld } from './shard-world.js'

export type ShardTransactor = Transactor<Progress, ShardOutput>
type ShardWrites = ShardOutput & { readonly progress: Progress }

/** The order of a commit's records. */
type Arrange = (levels: readonly LevelRecord[], mark: readonly LevelRecord[]) => LevelRecord[]

const markLast: Arrange = (levels, mark) => [...levels, ...mark]

/** What the broker calls a shard. */
export function shardName(partition: number): string {
  return `book.shard.${partition}`
}

export class SimulatedShardLog implements ShardLog {
  readonly #shards: ShardWorld
  readonly #process: SimulatedProcess
  readonly #partition: number
  readonly #id: string
  readonly #arrange: Arrange

  /** @param faults what only a mutant does otherwise */
  constructor(
    shards: ShardWorld,
    process: SimulatedProcess,
    partition: number,
    faults: { readonly transactionalId?: string; readonly arrange?: Arrange } = {},
  ) {
    const { transactionalId = shardName(partition), arrange = markLast } = faults
    this.#shards = shards
    this.#process = process
    this.#partition = partition
    this.#id = transactionalId
    this.#arrange = arrange
  }

  async fence(): Promise<ShardTransactor> {
    const { broker } = this.#shards.world
    const epoch = await this.#call('fence', () => broker.fence(this.#id))
    const commit: ShardTransactor['commit'] = (writes, isTooLate) =>
      this.#commit(epoch, writes, isTooLate)
    return { commit, discard: async () => {} }
  }

  readProgress(): Promise<Progress | undefined> {
    const { broker } = this.#shards.world
    return this.#call('read progress', () => broker.lastProgress(shardName(this.#partition)))
  }

  readJobProgress(): Promise<Progress | undefined> {
    return this.#call('read job progress', () => this.#shards.world.broker.lastProgress())
  }

  /** The simulated topic between shards and merger is never lost. */
  async assertLevels(): Promise<void> {}

  async #commit(epoch: number, writes: ShardWrites, isTooLate: () => boolean): Promise<boolean> {
    const { broker } = this.#shards.world
    const by = this.#process
    const job = shardName(this.#partition)
    const transaction: Transaction = {
      ...{ by, job, writes, epoch, wallMs: 0, committedAt: 0, state: 'open' },
    }
    try {
      await this.#send(transaction, writes)
      if (isTooLate()) {
        await this.#call('abort', () => broker.abort(this.#id, transaction))
        return false
      }
      transaction.wallMs = by.host.wallMs(this.#shards.world.scheduler.now)
      await this.#call('commit', () => broker.commit(this.#id, transaction))
      return true
    } catch (error) {
      broker.inDoubt.push(transaction)
      throw error
    }
  }

  /** One send after another, so that the mark lies behind its levels, and other shards' records between them. */
  async #send(transaction: Transaction, { levels, mark, progress }: ShardWrites): Promise<void> {
    const { world, levels: topic } = this.#shards
    const { broker, random } = world
    const { owner, sequence, version } = progress
    const own = this.#partition % topic.partitions
    const end: LevelRecord[] =
      mark === undefined
        ? []
        : [markRecord(this.#partition, { ...mark, after: 0, owner, sequence, version })]
    const records = this.#arrange(levels, end)
    const first = random.chance(0.5) ? records.length : random.below(records.length + 1)
    await this.#call('send', () => {
      broker.begin(this.#id, transaction)
      topic.append(own, records.slice(0, first), transaction)
    })
    if (first < records.length) {
      await this.#call('send', () => {
        broker.goOn(this.#id, transaction)
        topic.append(own, records.slice(first), transaction)
      })
    }
    topic.skip(own)
  }

  #call<T>(what: string, effect: () => T): Promise<T> {
    return this.#shards.world.network.call(this.#process, what, effect)
  }
}
