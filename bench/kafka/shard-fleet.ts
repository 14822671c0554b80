/** One job as one process, or as shards and a merger, under measurement. */
import { join } from 'node:path'
import { readEach } from '../../src/testing/plain-topic.js'
import type { BenchCluster } from './cluster.js'
import { Engine, runCommand } from './engine.js'
import { TickWatcher } from './watcher.js'

export interface ShardFleetOptions {
  readonly cluster: BenchCluster
  readonly input: string
  /** Of the output, which names the job; the topic is made here. */
  readonly output: string
  /** For logs and snapshots. */
  readonly folder: string
  readonly nodeFlags: readonly string[]
  readonly runArgs: readonly string[]
}

export class ShardFleet {
  readonly watcher: TickWatcher
  readonly shards: Engine[] = []
  readonly #options: ShardFleetOptions
  #started = 0

  private constructor(options: ShardFleetOptions, watcher: TickWatcher) {
    this.#options = options
    this.watcher = watcher
  }

  static async open(options: ShardFleetOptions): Promise<ShardFleet> {
    const { cluster, output } = options
    await cluster.makeTopic(output, 1)
    return new ShardFleet(options, await TickWatcher.start(cluster.kafka, output))
  }

  /** @param role `all`, `shard` or `merge` */
  start(role: string): Engine {
    const { cluster, input, output, folder, nodeFlags, runArgs } = this.#options
    const name = `${output}-${role}-${this.#started++}`
    const data = join(folder, name)
    const args = ['--role', role, ...runArgs]
    const options = { brokers: cluster.brokers, input, output, data, nodeFlags, args }
    const engine = new Engine(runCommand(options), `${data}.log`)
    if (role === 'shard') this.shards.push(engine)
    return engine
  }

  /** What the shards have published, control records not counted. */
  async levelRecords(): Promise<number> {
    const { cluster, output } = this.#options
    let count = 0
    await readEach(cluster.kafka, `${output}.levels`, () => count++)
    return count
  }

  async close(engines: readonly Engine[]): Promise<void> {
    await Promise.all(engines.map((engine) => engine.kill()))
    await this.watcher.stop()
  }
}
