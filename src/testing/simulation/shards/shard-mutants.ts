/** Shards with a fault in what they stand on; the simulation must notice each of them. */
import type { ShardLog, ShardOutput } from '../../../jobs/ports.js'
import type { Progress } from '../../../wire/progress.js'
import type { SimulatedProcess } from '../process.js'
import type { ShardMutant } from './shard-fleet.js'
import { type ShardTransactor, SimulatedShardLog, shardName } from './shard-log.js'
import type { ShardWorld } from './shard-world.js'

const NOTHING: ShardOutput = { levels: [], mark: undefined, deadLetters: [] }

/** By what is wrong with them. */
export const shardMutants: Readonly<Record<string, ShardMutant>> = {
  'a shard has a transactional id of its own in each process': changeLog(
    (_log, process, partition, shards) => {
      const transactionalId = `${shardName(partition)}-${process.name}`
      return new SimulatedShardLog(shards, process, partition, { transactionalId })
    },
  ),

  'marks lie before their levels': changeLog((_log, process, partition, shards) => {
    return new SimulatedShardLog(shards, process, partition, {
      arrange: (levels, mark) => [...mark, ...levels],
    })
  }),

  'what changed is dropped when its commit fails': changeCommit((transactor) => {
    const dropped = new Set<string>()
    return async (writes, isTooLate) => {
      const levels = writes.levels.filter(({ key }) => !dropped.has(key))
      try {
        const isDone = await transactor().commit({ ...writes, levels }, isTooLate)
        dropped.clear()
        return isDone
      } catch (error) {
        for (const { key } of levels) dropped.add(key)
        throw error
      }
    }
  }),

  'progress goes in a second transaction': changeCommit((transactor) => {
    let last: Progress | undefined
    return async (writes, isTooLate) => {
      const { mark, progress } = writes
      if (last !== undefined && mark !== undefined) {
        const before = { ...last, tick: progress.tick }
        if (!(await transactor().commit({ ...writes, progress: before }, isTooLate))) return false
        writes = { ...NOTHING, progress }
      }
      last = progress
      return transactor().commit(writes, isTooLate)
    }
  }),

  'a commit in doubt is taken as done': changeCommit((transactor, log) => {
    let used: ShardTransactor | undefined
    return async (writes, isTooLate) => {
      try {
        return await (used ?? transactor()).commit(writes, isTooLate)
      } catch {
        used = await log.fence()
        return true
      }
    }
  }),

  'a shard goes on from its snapshot, not from what is committed': changeLog((log) => {
    let found: Progress | undefined
    return {
      fence: async () => {
        const transactor = await log.fence()
        return {
          discard: () => transactor.discard(),
          commit: (writes, isTooLate) => {
            if (writes.mark !== undefined || found === undefined) {
              return transactor.commit(writes, isTooLate)
            }
            const { offsets, lastRecords } = found
            const progress = { ...writes.progress, offsets, lastRecords }
            return transactor.commit({ ...writes, progress }, isTooLate)
          },
        }
      },
      readProgress: async () => {
        found = await log.readProgress()
        return found === undefined ? found : { ...found, offsets: [], lastRecords: [] }
      },
      readJobProgress: async () => undefined,
      assertLevels: async () => {},
    }
  }),
}

type ChangeLog = (
  log: ShardLog,
  process: SimulatedProcess,
  partition: number,
  shards: ShardWorld,
) => ShardLog

function changeLog(change: ChangeLog): ShardMutant {
  return {
    shard: (ports, process, shards) => ({
      ...ports,
      open: async (partition) => {
        const opened = await ports.open(partition)
        const transactions = change(opened.transactions, process, partition, shards)
        return { ...opened, transactions }
      },
    }),
  }
}

type Commit = ShardTransactor['commit']

/** A mutant whose commits differ, those of one shard's life by what went before. */
function changeCommit(change: (transactor: () => ShardTransactor, log: ShardLog) => Commit) {
  return changeLog((log) => {
    let transactor: ShardTransactor | undefined
    const commit = change(() => transactor!, log)
    return {
      readProgress: () => log.readProgress(),
      readJobProgress: () => log.readJobProgress(),
      assertLevels: (own) => log.assertLevels(own),
      fence: async () => {
        transactor = await log.fence()
        return { commit, discard: async () => {} }
      },
    }
  })
}
