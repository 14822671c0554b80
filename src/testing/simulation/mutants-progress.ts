/** Mutants that get fencing, claims or the progress record wrong. */
import type { BookLog } from '../../jobs/ports.js'
import type { Progress } from '../../wire/progress.js'
import type { Mutant } from './supervisor.js'
import { SimulatedTransactionLog } from './transaction-log.js'
import type { World } from './world.js'

export const progressMutants: Readonly<Record<string, Mutant>> = {
  'each process has a transactional id of its own': (ports, process, world) => ({
    ...ports,
    transactions: new SimulatedTransactionLog(world, process, `job-${process.name}`),
  }),

  'progress is read before fencing': changeLog((log) => {
    let found: { readonly progress: Progress | undefined } | undefined
    return {
      fence: async () => {
        found = { progress: await log.readProgress() }
        return log.fence()
      },
      readProgress: async () => (found === undefined ? log.readProgress() : found.progress),
    }
  }),

  'the claim is lost': changeLog((log) => {
    let isClaimed = false
    return {
      fence: async () => {
        const transactor = await log.fence()
        return {
          discard: () => transactor.discard(),
          commit: async (writes, isTooLate) => {
            if (isClaimed) return transactor.commit(writes, isTooLate)
            isClaimed = true
            return true
          },
        }
      },
    }
  }),

  'nobody catches up before the first tick': changeLog((log) => ({
    readProgress: async () => {
      const progress = await log.readProgress()
      return progress === undefined ? progress : { ...progress, offsets: [], lastRecords: [] }
    },
  })),

  'offsets are kept outside of the transaction, before it': groupOffsets('before'),
  'offsets are kept outside of the transaction, after it': groupOffsets('after'),

  'a fenced process fences back': changeLog((log, process) => ({
    readProgress: async () => {
      const progress = await log.readProgress()
      return progress === undefined ? progress : { ...progress, owner: process.name }
    },
  })),

  'progress is read uncommitted': changeLog((_log, process, world) => ({
    readProgress: () =>
      world.network.call(process, 'read progress', () => world.broker.lastWritten),
  })),
}

type Change = (log: BookLog, process: Parameters<Mutant>[1], world: World) => Partial<BookLog>

/** A mutant that differs only in some calls of the transaction log. */
export function changeLog(change: Change): Mutant {
  return (ports, process, world) => {
    const log = ports.transactions
    const whole: BookLog = {
      fence: () => log.fence(),
      readProgress: () => log.readProgress(),
      followProgress: (handle, signal) => log.followProgress(handle, signal),
    }
    return { ...ports, transactions: { ...whole, ...change(log, process, world) } }
  }
}

/** What each world's consumer group says. */
const groups = new WeakMap<World, Progress>()

/** Offsets, with all that belongs to them, as a consumer group would keep them. */
function groupOffsets(when: 'before' | 'after'): Mutant {
  return changeLog((log, process, world) => {
    const keep = (progress: Progress) =>
      world.network.call(process, 'commit offsets', () => {
        groups.set(world, progress)
      })
    return {
      fence: async () => {
        const transactor = await log.fence()
        return {
          discard: () => transactor.discard(),
          commit: async (writes, isTooLate) => {
            if (when === 'before') await keep(writes.progress)
            const isCommitted = await transactor.commit(writes, isTooLate)
            if (when === 'after' && isCommitted) await keep(writes.progress)
            return isCommitted
          },
        }
      },
      readProgress: async () => {
        const progress = await log.readProgress()
        const group = groups.get(world)
        if (progress === undefined || group === undefined) return progress
        const { offsets, lastRecords, stateHash, rejected } = group
        return { ...progress, offsets, lastRecords, stateHash, rejected }
      },
    }
  })
}
