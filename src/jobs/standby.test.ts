/** A second process beside the first: warm, silent, and there when it is needed. */
import { describe, expect, it } from 'vitest'
import { MemorySource, startJob, unreachable } from '../testing/memory-job.js'

const open = (id: number) =>
  `{"order_id":${id},"symbol":"A-B","order_side":"BUY","size":1,"price":10,"status":"OPEN"}`

/** A leader and a standby on one broker and one clock. */
async function pair() {
  const leader = await startJob({}, { owner: 'leader' })
  const { clock, transactions } = leader
  const standby = await startJob({ clock, transactions }, { owner: 'standby', standby: true })
  const feed = async (values: readonly (string | null)[]) => {
    await leader.source.feed(0, values)
    void standby.source.feed(0, values)
  }
  return { leader, standby, clock, transactions, feed }
}

const owners = (transactions: { commits: readonly { progress: { owner: string } }[] }) => [
  ...new Set(transactions.commits.map(({ progress }) => progress.owner)),
]

describe('a standby', () => {
  it('publishes nothing while ticks come', async () => {
    const { leader, standby, clock, transactions, feed } = await pair()
    await feed([open(1), 'junk'])
    await clock.advance(20_000)
    await standby.stop()
    await leader.stop()
    expect(owners(transactions)).toEqual(['leader'])
    expect(transactions.deadLetters).toHaveLength(1)
  })

  it('takes over when the tick is 2 s overdue, and the one before ends as fenced', async () => {
    const { leader, standby, clock, transactions, feed } = await pair()
    await feed([open(1), 'junk'])
    await clock.advance(5_000)
    const silent = transactions.ticks.at(-1)!.tick
    // The leader hangs in the middle of a commit, as a process does that was stopped.
    let go = () => {}
    transactions.before = async () => {
      transactions.before = async () => true
      await new Promise<void>((resolve) => {
        go = resolve
      })
      return true
    }
    await feed([open(2), 'more junk'])
    await clock.advance(4_000)
    const next = transactions.ticks.find(({ tick }) => tick > silent)!
    expect(next.tick - silent).toBeGreaterThanOrEqual(3)
    expect(next.tick - silent).toBeLessThanOrEqual(4)
    expect(next.headers.missed).toBe('2')
    expect(transactions.ticks.at(-1)?.value).toContain('"amount":2,')
    go()
    await clock.advance(3_000)
    await expect(leader.done).rejects.toMatchObject({ code: 'FENCED' })
    await standby.stop()
    expect(owners(transactions)).toEqual(['leader', 'standby'])
    expect(transactions.deadLetters.map(({ headers }) => headers.offset)).toEqual(['1', '3'])
  })

  it('does not take over while Kafka itself is away', async () => {
    const { leader, standby, clock, transactions } = await pair()
    await clock.advance(3_000)
    const { readProgress } = transactions
    transactions.before = async () => false
    transactions.readProgress = async () => {
      throw unreachable('the broker is away')
    }
    await clock.advance(60_000)
    transactions.readProgress = readProgress
    transactions.before = async () => true
    await clock.advance(10_000)
    await standby.stop()
    await leader.stop()
    expect(owners(transactions)).toEqual(['leader'])
  })

  it('ends where the same input gives it other books than the leader', async () => {
    const { standby, clock, leader } = await pair()
    const source = new MemorySource()
    expect(source.from).toEqual([])
    void standby.source.feed(0, [open(1), open(2)])
    await leader.source.feed(0, [open(1), open(3).replace('10', '11')])
    await clock.advance(2_000)
    await expect(standby.done).rejects.toMatchObject({ code: 'LOG_LOST' })
    await leader.stop()
  })

  it('leaves in peace where it is stopped before anybody has published', async () => {
    const standby = await startJob({}, { standby: true })
    await expect(standby.stop()).resolves.toMatchObject({ ticks: 0 })
  })

  it('takes over a job that nobody runs', async () => {
    const standby = await startJob({}, { standby: true })
    await standby.clock.advance(6_000)
    await standby.stop()
    expect(standby.transactions.ticks.length).toBeGreaterThan(1)
  })
})
