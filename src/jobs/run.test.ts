/** The run job over a source and a sink in memory, on a clock that the test moves. */
import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS } from '../book/order-books.js'
import { DepthlineError } from '../errors.js'
import { FakeClock } from '../testing/fake-clock.js'
import type { Progress } from '../wire/progress.js'
import type { Commit, DeadLetter, InputRecord, RecordBatch, Tick } from '../wire/records.js'
import type { OrderSource, TickSink } from './ports.js'
import { type RunSummary, run } from './run.js'

const START = 1_700_000_000_000
const OPTIONS = { levels: 15, limits: DEFAULT_LIMITS, seed: 1, version: '9.9.9' }
const PROGRESS: Progress = {
  tick: undefined,
  offsets: [],
  rejected: 0,
  owner: 'another',
  sequence: 1,
  version: '1',
}
const NO_LOG = { info() {}, warn() {}, error() {} }

class MemorySource implements OrderSource {
  readonly topic = 'orders'
  readonly partitions = 2
  #handle: (batch: RecordBatch) => Promise<void> = async () => {}
  #fail: (error: unknown) => void = () => {}
  #next = [0, 0]

  consume(handle: (batch: RecordBatch) => Promise<void>): Promise<void> {
    this.#handle = handle
    return new Promise((_, reject) => {
      this.#fail = reject
    })
  }

  /** Hands over a batch; resolves when it is applied. */
  feed(partition: number, values: readonly (string | null)[]): Promise<void> {
    const records = values.map((value): InputRecord => {
      const offset = String(this.#next[partition]!++)
      return { key: null, value: value === null ? null : bytes(value), offset, timestamp: '7' }
    })
    return this.redeliver(partition, records)
  }

  redeliver(partition: number, records: readonly InputRecord[]): Promise<void> {
    return this.#handle({ partition, records }).catch((error) => this.#fail(error))
  }

  async ends(): Promise<number[]> {
    return [10, 1000]
  }

  async stop(): Promise<void> {}
}

class MemorySink implements TickSink {
  progress: Progress | undefined
  readonly ticks: Tick[] = []
  readonly deadLetters: DeadLetter[] = []
  readonly commits: Commit[] = []
  /** What happens before a commit takes effect; false where it fails and nothing is published. */
  before: (tick: Tick | undefined) => Promise<boolean> = async () => true

  async takeOver(): Promise<Progress | undefined> {
    return this.progress
  }

  async commit(commit: Commit): Promise<boolean> {
    if (!(await this.before(commit.tick)) || commit.isTooLate()) return false
    this.commits.push(commit)
    this.deadLetters.push(...commit.deadLetters)
    if (commit.tick !== undefined) this.ticks.push(commit.tick)
    return true
  }

  async close(): Promise<void> {}
}

interface Stage {
  readonly clock: FakeClock
  readonly source: MemorySource
  readonly sink: MemorySink
  /** Stops the job and gives its summary. */
  stop(): Promise<RunSummary>
}

async function start(
  prepare: (stage: Omit<Stage, 'stop'>) => void = () => {},
  options = OPTIONS,
): Promise<Stage> {
  const stage = { clock: new FakeClock(START), source: new MemorySource(), sink: new MemorySink() }
  prepare(stage)
  const stopping = new AbortController()
  const done = run({ ...stage, log: NO_LOG }, options, stopping.signal)
  // A failure is looked at when the test stops the job; until then it must not count as unhandled.
  done.catch(() => {})
  await stage.clock.advance(0)
  return {
    ...stage,
    stop() {
      stopping.abort()
      return done
    },
  }
}

const open = (id: number, price = 10) =>
  `{"order_id":${id},"symbol":"A-B","order_side":"BUY","size":1,"price":${price},"status":"OPEN"}`
const bytes = (text: string) => new TextEncoder().encode(text)
const header = (tick: Tick | undefined, name: string) => tick?.headers[name]

describe('run', () => {
  it('publishes one message a second, an empty book included, with exact headers', async () => {
    const { clock, source, sink, stop } = await start()
    await clock.advance(1500)
    await source.feed(1, [open(1), 'junk', null])
    await clock.advance(1000)
    const summary = await stop()
    expect(sink.ticks.map(({ tick }) => tick - START / 1000)).toEqual([1, 2])
    expect(sink.ticks[0]?.value).toBe('[]')
    expect(sink.ticks[1]?.value).toContain('"side":"buy_1","price":10,"amount":1,')
    expect(sink.ticks[1]?.headers).toEqual({
      tick: String(START / 1000 + 2),
      offsets: '{"0":0,"1":3}',
      missed: '0',
      rejected: '1',
      crossed: '[]',
      version: '9.9.9',
    })
    expect(summary).toMatchObject({
      ticks: 2,
      missed: 0,
      records: 3,
      applied: 1,
      rejected: 1,
      tombstones: 1,
    })
  })

  it('sends a rejected record on with its bytes, its reason and its place', async () => {
    const { clock, source, sink, stop } = await start()
    await source.feed(0, [open(1), '{"order_id":1}'])
    await clock.advance(1000)
    await stop()
    const [letter] = sink.deadLetters
    expect(new TextDecoder().decode(letter?.value ?? undefined)).toBe('{"order_id":1}')
    expect(letter?.headers).toEqual({
      reason: 'missing_field',
      detail: 'status',
      topic: 'orders',
      partition: '0',
      offset: '1',
      timestamp: '7',
    })
  })

  it('drops a tick that comes too late, sends progress without it, and reports what was missed', async () => {
    const { clock, source, sink, stop } = await start(({ clock, sink }) => {
      sink.before = async (tick) => {
        if (tick?.tick === START / 1000 + 2) await clock.sleep(2500)
        return true
      }
    })
    await source.feed(0, ['junk'])
    await clock.advance(5200)
    const summary = await stop()
    expect(sink.ticks.map(({ tick }) => tick - START / 1000)).toEqual([1, 4, 5])
    expect(sink.ticks.map((tick) => header(tick, 'missed'))).toEqual(['0', '2', '0'])
    expect(sink.commits.map(({ tick }) => tick !== undefined)).toEqual([true, false, true, true])
    expect(summary.missed).toBe(2)
  })

  it('never sends a failed tick again, and keeps its dead letters for the next', async () => {
    const { clock, source, sink, stop } = await start(({ sink }) => {
      sink.before = async (tick) => {
        return tick?.tick !== START / 1000 + 1
      }
    })
    await source.feed(0, ['junk'])
    await clock.advance(2000)
    await stop()
    expect(sink.ticks.map(({ tick }) => tick - START / 1000)).toEqual([2])
    expect(sink.deadLetters).toHaveLength(1)
    expect(header(sink.ticks[0], 'rejected')).toBe('1')
    expect(sink.commits.map(({ tick, rejected }) => [tick !== undefined, rejected])).toEqual([
      [false, 1],
      [true, 0],
    ])
  })

  it('publishes surplus dead letters between ticks, so that any number of them drains', async () => {
    const { clock, source, sink, stop } = await start()
    const fed = source.feed(0, new Array(35_000).fill('junk'))
    await clock.advance(0)
    await clock.advance(0)
    for (let turn = 0; turn < 100; turn++) await clock.yield()
    await fed
    expect(sink.ticks).toHaveLength(0)
    expect(sink.deadLetters.length).toBeGreaterThanOrEqual(30_000)
    await clock.advance(1000)
    await stop()
    expect(sink.deadLetters.map(({ headers }) => headers.offset)).toEqual(
      Array.from({ length: 35_000 }, (_, offset) => String(offset)),
    )
  })

  it('applies a record that is delivered twice only once', async () => {
    const { clock, source, sink, stop } = await start()
    await source.feed(0, [open(1), 'junk', open(2)])
    await source.redeliver(0, [{ key: null, value: bytes('junk'), offset: '1', timestamp: '7' }])
    await clock.advance(1000)
    const summary = await stop()
    expect(summary.records).toBe(3)
    expect(sink.deadLetters).toHaveLength(1)
  })

  it('goes on after the last tick: none before it has caught up, no dead letter again', async () => {
    const { clock, source, sink, stop } = await start(({ sink }) => {
      sink.progress = { ...PROGRESS, tick: START / 1000 - 5, offsets: [2, 0], rejected: 3 }
    })
    await clock.advance(1000)
    await source.feed(0, ['junk'])
    await clock.advance(1000)
    expect(sink.ticks).toHaveLength(0)
    await source.feed(0, [open(1), 'junk'])
    await clock.advance(1000)
    await stop()
    expect(sink.ticks.map(({ tick }) => tick - START / 1000)).toEqual([3])
    expect(header(sink.ticks[0], 'missed')).toBe('7')
    // One now, and three that the process before had rejected after its last tick.
    expect(header(sink.ticks[0], 'rejected')).toBe('4')
    expect(sink.deadLetters.map(({ headers }) => headers.offset)).toEqual(['2'])
  })

  it('never takes progress back while it is still catching up', async () => {
    const { clock, source, sink, stop } = await start(({ sink }) => {
      sink.progress = { ...PROGRESS, tick: START / 1000 - 5, offsets: [0, 1000] }
    })
    const fed = source.feed(0, new Array(10_001).fill('junk'))
    await clock.advance(10)
    await fed
    expect(sink.commits[0]?.tick).toBeUndefined()
    expect(sink.commits[0]?.offsets).toEqual([10_000, 1000])
    await stop()
  })

  it.each([
    ['is shorter than what was read of it', [11, 0], /orders\[0\] ends at offset 10/],
    ['has other partitions', [0], /orders has 2 partitions, and the job knows 1/],
  ])('ends where the input %s', async (_, offsets, message) => {
    const { stop } = await start(({ sink }) => {
      sink.progress = { ...PROGRESS, tick: 7, offsets }
    })
    await expect(stop()).rejects.toMatchObject({
      code: 'LOG_LOST',
      message: expect.stringMatching(message),
    })
  })

  it('leaves within its grace when a commit hangs', async () => {
    const { clock, stop } = await start(({ sink }) => {
      sink.before = () => new Promise(() => {})
    })
    await clock.advance(1000)
    const stopped = stop()
    await clock.advance(2000)
    await expect(stopped).resolves.toMatchObject({ ticks: 0 })
  })

  it('ends, saying how large the book is, where a tick is above the limit', async () => {
    const { clock, source, stop } = await start(({ sink }) => {
      sink.before = async () => {
        throw new DepthlineError('TICK_TOO_LARGE', 'a tick of 17 MB')
      }
    })
    await source.feed(0, [open(1)])
    await clock.advance(1000)
    await expect(stop()).rejects.toThrow(/17 MB: 1 symbols × 15 levels a side/)
  })

  it('ends where a cap on what must be remembered is passed', async () => {
    const limits = { ...DEFAULT_LIMITS, maxOpenOrders: 1 }
    const { source, stop } = await start(undefined, { ...OPTIONS, limits })
    await source.feed(0, [open(1), open(2)])
    await expect(stop()).rejects.toMatchObject({ code: 'LIMIT_PASSED' })
  })
})
