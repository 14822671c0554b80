/** When a job that has stopped moving is ended, and when it is left alone. */
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../testing/fake-clock.js'
import { MemorySource, START, unreachable } from '../testing/memory-job.js'
import { watchMovement } from './watchdog.js'

interface World {
  readonly source: MemorySource
  applied: number
  isHeld: boolean
  isBehind: boolean
  commits: number | undefined
}

/** How the watch stands after two minutes; `each` is called every second. */
async function after(each: (world: World) => void): Promise<string> {
  const clock = new FakeClock(START)
  const world: World = {
    source: new MemorySource(),
    applied: 0,
    isHeld: false,
    isBehind: false,
    commits: 0,
  }
  const stopping = new AbortController()
  let end = 'watching'
  watchMovement(world.source, clock, () => ({ ...world }), stopping.signal).catch((error) => {
    end = error.message
  })
  for (let second = 0; second < 120; second++) {
    each(world)
    await clock.advance(1_000)
  }
  stopping.abort()
  return end
}

const commit = (world: World) => {
  world.commits = (world.commits ?? 0) + 1
}

describe('the watch over a job', () => {
  it('ends it where nothing is read though there is something to read', async () => {
    const end = await after((world) => {
      commit(world)
      world.source.behind = 5
    })
    expect(end).toContain('nothing was read of orders, 5 behind, for 60 s')
  })

  it('ends it where committed records do not come, even if the log has ended', async () => {
    const end = await after((world) => {
      world.commits = undefined
      world.isBehind = true
    })
    expect(end).toContain('nothing was read of orders, 0 behind, for 60 s')
  })

  it('ends it where nothing is committed', async () => {
    expect(await after(() => {})).toContain('nothing was committed for 60 s')
  })

  it.each<[string, (world: World) => void]>([
    ['all is read and committed', commit],
    [
      'it is behind and reads',
      (world) => {
        commit(world)
        world.source.behind = 5
        world.applied++
      },
    ],
    [
      'it waits on purpose',
      (world) => {
        commit(world)
        world.source.behind = 5
        world.isHeld = true
      },
    ],
    [
      'it has nothing to commit',
      (world) => {
        world.commits = undefined
      },
    ],
    [
      'Kafka does not answer',
      ({ source }) => {
        source.lag = async () => {
          throw unreachable('the broker is away')
        }
      },
    ],
  ])('leaves it alone while %s', async (_, each) => {
    expect(await after(each)).toBe('watching')
  })
})
