/** Mutants whose commits are not one transaction, done once, in time. */
import type { BookTransactor, BookWrites } from '../../jobs/ports.js'
import type { Progress } from '../../wire/progress.js'
import { JOB } from './broker.js'
import { changeLog } from './mutants-progress.js'
import type { SimulatedProcess } from './process.js'
import type { Mutant } from './supervisor.js'
import type { World } from './world.js'

type Commit = BookTransactor['commit']
/** What a mutant's commit is made with. */
interface Context {
  readonly transactor: BookTransactor
  readonly fence: () => Promise<BookTransactor>
  readonly process: SimulatedProcess
  readonly world: World
}

export const commitMutants: Readonly<Record<string, Mutant>> = {
  'progress goes in a second transaction': changeCommit(({ transactor }) => {
    let last: Progress | undefined
    return async (writes, isTooLate) => {
      const { tick, deadLetters, progress } = writes
      if (last === undefined || (tick === undefined && deadLetters.length === 0)) {
        last = progress
        return transactor.commit(writes, isTooLate)
      }
      const data = { ...writes, progress: { ...last, tick: progress.tick } }
      if (!(await transactor.commit(data, isTooLate))) return false
      last = progress
      return transactor.commit({ deadLetters: [], progress }, () => false)
    }
  }),

  'a commit in doubt is sent again': changeCommit(({ transactor, fence }) => {
    let used = transactor
    return async (writes, isTooLate) => {
      try {
        return await used.commit(writes, isTooLate)
      } catch {
        used = await fence()
        return used.commit(writes, isTooLate)
      }
    }
  }),

  'a commit in doubt is taken as done': changeCommit(doubtTakenAs(true)),

  'a commit in doubt is taken as not done': changeCommit(doubtTakenAs(false)),

  'dead letters go outside of the transaction': changeCommit(({ transactor, process, world }) => {
    return async (writes, isTooLate) => {
      await world.network.call(process, 'send dead letters', () =>
        sendAlone(world, process, writes),
      )
      return transactor.commit({ ...writes, deadLetters: [] }, isTooLate)
    }
  }),

  'a tick that is too late is committed all the same': changeCommit(({ transactor }) => {
    return (writes) => transactor.commit(writes, () => false)
  }),

  'a tick that is too late is thought to be committed': changeCommit(({ transactor }) => {
    return async (writes, isTooLate) => {
      await transactor.commit(writes, isTooLate)
      return true
    }
  }),
}

function doubtTakenAs(answer: boolean): (context: Context) => Commit {
  return ({ transactor, fence }) => {
    let used = transactor
    return async (writes, isTooLate) => {
      try {
        return await used.commit(writes, isTooLate)
      } catch {
        used = await fence()
        return answer
      }
    }
  }
}

function changeCommit(change: (context: Context) => Commit): Mutant {
  return changeLog((log, process, world) => ({
    fence: async () => {
      const transactor = await log.fence()
      const commit = change({ transactor, fence: () => log.fence(), process, world })
      return { commit, discard: () => transactor.discard() }
    },
  }))
}

/** To a consumer it looks as if they were committed, but whoever reads progress does not see it. */
function sendAlone(
  world: World,
  by: SimulatedProcess,
  { deadLetters, progress }: BookWrites,
): void {
  const { broker, scheduler } = world
  if (deadLetters.length === 0) return
  const writes = { deadLetters, progress }
  const committedAt = scheduler.now
  broker.committed.push({
    ...{ by, job: JOB, writes, epoch: 0, wallMs: 0, state: 'committed', committedAt },
  })
}
