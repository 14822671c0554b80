/** A group assigner that takes a share of the topic and leaves the rest: KafkaJS has no assign(). */
import { AssignerProtocol, type PartitionAssigner } from 'kafkajs'

/** Partition p is of the share `index` where p modulo `count` is that. */
export interface Share {
  readonly index: number
  readonly count: number
}

const NAME = 'depthline-share'
const VERSION = 0

/** For a group of one member; partitions that are added later belong to some share as well. */
export function pinnedAssigner({ index, count }: Share): PartitionAssigner {
  return ({ cluster }) => ({
    name: NAME,
    version: VERSION,
    async assign({ members, topics }) {
      const assignment: Record<string, number[]> = {}
      for (const topic of topics) {
        assignment[topic] = cluster
          .findTopicPartitionMetadata(topic)
          .map(({ partitionId }) => partitionId)
          .filter((partition) => partition % count === index)
      }
      const memberAssignment = AssignerProtocol.MemberAssignment.encode({
        version: VERSION,
        assignment,
        userData: Buffer.alloc(0),
      })
      return members.map(({ memberId }) => ({ memberId, memberAssignment }))
    },
    protocol({ topics }) {
      const metadata = { version: VERSION, topics, userData: Buffer.alloc(0) }
      return { name: NAME, metadata: AssignerProtocol.MemberMetadata.encode(metadata) }
    },
  })
}
