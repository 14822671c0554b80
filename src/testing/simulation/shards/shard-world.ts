/** What shards and mergers of one simulation share besides what every process has. */
import { World } from '../world.js'
import type { Sighting } from './levels-reader.js'
import { LevelsTopic } from './levels-topic.js'
import { SimulatedGroup } from './shard-group.js'
import { makeShardPlan, type ShardPlan } from './shard-plan.js'

export class ShardWorld {
  readonly world: World<ShardPlan>
  readonly levels: LevelsTopic
  readonly group: SimulatedGroup
  /** In the order of time. */
  readonly sightings: Sighting[] = []

  constructor(seed: number, isTraced: boolean) {
    this.world = new World(seed, isTraced, makeShardPlan)
    const { partitions, topicPartitions } = this.world.plan
    this.levels = new LevelsTopic(this.world, topicPartitions)
    this.group = new SimulatedGroup(this.world, partitions)
  }
}
