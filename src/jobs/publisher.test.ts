/** Who may publish, and what becomes of a commit in doubt: the protocol, fault by fault. */
import { describe, expect, it } from 'vitest'
import { DepthlineError } from '../errors.js'
import { FakeClock } from '../testing/fake-clock.js'
import {
  Logged,
  MemoryTransactions,
  progressOf,
  START,
  unreachable,
} from '../testing/memory-job.js'
import type { Progress } from '../wire/progress.js'
import type { BookOutput } from './ports.js'
import { type Commit, Publisher } from './publisher.js'
import { START as START_POSITION } from './run.js'

function publisherOf(transactions: MemoryTransactions, owner: string) {
  const clock = new FakeClock(START)
  const identity = { job: 'book', owner, version: '9', random: () => 0.5 }
  return {
    clock,
    publisher: new Publisher(
      {
        transactions,
        clock,
        log: new Logged(),
        start: START_POSITION,
        nothing: { deadLetters: [] },
      },
      identity,
    ),
  }
}

function commitOf(tick: number | undefined, offset = 0): Commit<Progress, BookOutput> {
  const value = new TextEncoder().encode('[]')
  const written = tick === undefined ? {} : { tick: { tick, value, headers: {} } }
  return {
    output: { ...written, deadLetters: [] },
    position: { ...START_POSITION, tick, offsets: [offset] },
  }
}

/** Moves the clock until the call is done. */
async function settled<T>(clock: FakeClock, call: Promise<T>): Promise<T> {
  let isDone = false
  const done = () => {
    isDone = true
  }
  call.then(done, done)
  while (!isDone) await clock.advance(100)
  return call
}

describe('taking over', () => {
  it('claims the job with what the process before has committed', async () => {
    const transactions = new MemoryTransactions()
    transactions.progress = progressOf({ tick: 7, offsets: [3], sequence: 12 })
    const { publisher } = publisherOf(transactions, 'new')
    const claim = await publisher.takeOver()
    expect(claim).toEqual({
      ...progressOf({ tick: 7, offsets: [3] }),
      owner: 'new',
      sequence: 13,
      version: '9',
    })
    expect(transactions.progress).toEqual(claim)
  })

  it('gives a new job a lineage of its own, and keeps it from then on', async () => {
    const transactions = new MemoryTransactions()
    const { publisher } = publisherOf(transactions, 'first')
    expect((await publisher.takeOver()).lineage).toBe('first')
    const later = publisherOf(transactions, 'second')
    expect((await later.publisher.takeOver()).lineage).toBe('first')
  })

  it('tries again where the process before has fenced it back', async () => {
    const transactions = new MemoryTransactions()
    const { clock, publisher } = publisherOf(transactions, 'new')
    let claims = 0
    transactions.before = async () => {
      if (claims++ === 0) await transactions.fence()
      return true
    }
    expect((await settled(clock, publisher.takeOver())).owner).toBe('new')
  })

  it('tries again ever later, so that of two newcomers one gets through', async () => {
    const transactions = new MemoryTransactions()
    const { clock, publisher } = publisherOf(transactions, 'new')
    const claims: number[] = []
    transactions.before = async () => {
      claims.push(clock.monotonic())
      if (claims.length < 5) await transactions.fence()
      return true
    }
    await settled(clock, publisher.takeOver())
    const waits = claims.slice(1).map((at, index) => at - claims[index]!)
    expect(waits).toEqual([...waits].sort((a, b) => a - b))
    expect(waits.at(-1)).toBeGreaterThan(waits[0]!)
  })

  it('gives up where another newcomer has claimed the job meanwhile', async () => {
    const transactions = new MemoryTransactions()
    const { clock, publisher } = publisherOf(transactions, 'new')
    let claims = 0
    transactions.before = async () => {
      if (claims++ === 0) await publisherOf(transactions, 'other').publisher.takeOver()
      return true
    }
    await expect(settled(clock, publisher.takeOver())).rejects.toMatchObject({ code: 'FENCED' })
  })
})

describe('a commit in doubt', () => {
  it.each([
    ['was done: it counts, and nothing is sent again', true],
    ['was not done: it does not count, and nothing is sent again', false],
  ])('%s', async (_, isDone) => {
    const transactions = new MemoryTransactions()
    const { clock, publisher } = publisherOf(transactions, 'ours')
    const claim = await publisher.takeOver()
    transactions.before = async () => {
      const progress = { ...claim, tick: 8, sequence: claim.sequence + 1 }
      if (isDone) transactions.progress = progress
      transactions.before = async () => true
      throw unreachable('the answer was lost')
    }
    expect(await settled(clock, publisher.commit(commitOf(8)))).toBe(isDone)
    expect(transactions.ticks).toHaveLength(0)
    expect(await publisher.commit(commitOf(9))).toBe(true)
    expect(transactions.ticks.map(({ tick }) => tick)).toEqual([9])
  })

  it('is found out when Kafka is back, however long that takes', async () => {
    const transactions = new MemoryTransactions()
    const { clock, publisher } = publisherOf(transactions, 'ours')
    await publisher.takeOver()
    const { readProgress } = transactions
    let asked = 0
    transactions.before = async () => false
    transactions.readProgress = async () => {
      if (asked++ < 5) throw unreachable('the broker is away')
      return readProgress.call(transactions)
    }
    expect(await settled(clock, publisher.commit(commitOf(8)))).toBe(false)
    expect(asked).toBeGreaterThan(5)
  })

  it('ends the process where another one has claimed the job, which it does not fence back', async () => {
    const transactions = new MemoryTransactions()
    const { clock, publisher } = publisherOf(transactions, 'ours')
    await publisher.takeOver()
    const other = publisherOf(transactions, 'theirs')
    await other.publisher.takeOver()
    const call = settled(clock, publisher.commit(commitOf(8)))
    await expect(call).rejects.toMatchObject({ code: 'FENCED' })
    expect(await other.publisher.commit(commitOf(9))).toBe(true)
    expect(transactions.ticks.map(({ tick }) => tick)).toEqual([9])
  })

  it('right after a claim that readers do not see yet is not taken for another one’s job', async () => {
    const transactions = new MemoryTransactions()
    transactions.progress = progressOf({ tick: 7, owner: 'before', sequence: 3 })
    const { clock, publisher } = publisherOf(transactions, 'ours')
    await publisher.takeOver()
    const claim = transactions.progress
    // What lay there before the claim is read once more, until this process fences.
    const { fence, readProgress } = transactions
    transactions.readProgress = async () => progressOf({ tick: 7, owner: 'before', sequence: 3 })
    transactions.fence = () => {
      transactions.readProgress = readProgress
      return fence.call(transactions)
    }
    transactions.before = async () => {
      transactions.before = async () => true
      return false
    }
    expect(await settled(clock, publisher.commit(commitOf(8)))).toBe(false)
    expect(transactions.progress).toEqual(claim)
    expect(await publisher.commit(commitOf(9))).toBe(true)
  })

  it('that can never be done ends the process at once', async () => {
    const transactions = new MemoryTransactions()
    const { publisher } = publisherOf(transactions, 'ours')
    await publisher.takeOver()
    transactions.before = async () => {
      throw new DepthlineError('TICK_TOO_LARGE', 'too large')
    }
    await expect(publisher.commit(commitOf(8))).rejects.toMatchObject({ code: 'TICK_TOO_LARGE' })
  })
})
