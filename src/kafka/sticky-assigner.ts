/** A group assigner under which members keep what they have, as far as their numbers allow. */
import { AssignerProtocol, type PartitionAssigner } from 'kafkajs'

export interface GroupMember {
  readonly id: string
  /** The partitions that it has had so far. */
  readonly owned: readonly number[]
}

const NAME = 'depthline-sticky'
const VERSION = 0

/**
 * Divides partitions so that two members' numbers differ by one at most, and moves as few
 * partitions as that allows.
 *
 * @returns the partitions of each member, by its id
 */
export function divide(
  partitions: readonly number[],
  members: readonly GroupMember[],
): Map<string, number[]> {
  const free = new Set(partitions)
  // Two that claim the same: a member that was thought dead, and its successor.
  const claims = [...members]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, owned }) => ({ id, kept: owned.filter((partition) => free.delete(partition)) }))
    .sort((a, b) => b.kept.length - a.kept.length)
  const fair = Math.floor(partitions.length / members.length)
  const rest = partitions.length % members.length
  // Those that have most keep one more: each other choice would move another partition.
  const shares = claims.map(({ id, kept }, index) => {
    const room = fair + (index < rest ? 1 : 0)
    for (const partition of kept.splice(room)) free.add(partition)
    return { id, kept, room }
  })
  const left = [...free].sort((a, b) => a - b)
  for (const { kept, room } of shares) kept.push(...left.splice(0, room - kept.length))
  return new Map(shares.map(({ id, kept }) => [id, kept.sort((a, b) => a - b)]))
}

/** @param owned asked at each join for the partitions that this member has */
export function stickyAssigner(owned: () => readonly number[]): PartitionAssigner {
  return ({ cluster }) => ({
    name: NAME,
    version: VERSION,
    async assign({ members, topics: [topic = ''] }) {
      const partitions = cluster
        .findTopicPartitionMetadata(topic)
        .map(({ partitionId }) => partitionId)
      const claims = members.map(({ memberId, memberMetadata }) => {
        return { id: memberId, owned: readOwned(memberMetadata) }
      })
      return [...divide(partitions, claims)].map(([memberId, given]) => ({
        memberId,
        memberAssignment: AssignerProtocol.MemberAssignment.encode({
          version: VERSION,
          assignment: { [topic]: given },
          userData: Buffer.alloc(0),
        }),
      }))
    },
    protocol({ topics }) {
      const userData = Buffer.from(JSON.stringify(owned()))
      const metadata = { version: VERSION, topics, userData }
      return { name: NAME, metadata: AssignerProtocol.MemberMetadata.encode(metadata) }
    },
  })
}

/** What a member says of itself; nothing where that cannot be read. */
function readOwned(metadata: Buffer): number[] {
  try {
    const { userData } = AssignerProtocol.MemberMetadata.decode(metadata)!
    const owned: unknown = JSON.parse(String(userData))
    return Array.isArray(owned) ? owned.filter(Number.isSafeInteger) : []
  } catch {
    return []
  }
}
