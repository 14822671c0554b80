/** What `analyse` publishes: every round once, the same after any crash, and nothing that is no round. */
import { describe, expect, it } from 'vitest'
import { parseDecimal } from '../book/decimal.js'
import { FakeClock } from '../testing/fake-clock.js'
import { Logged, START } from '../testing/memory-job.js'
import {
  type Asked,
  answerOf,
  failureOf,
  MemoryRecords,
  plainCodec,
} from '../testing/memory-rounds.js'
import type { ExchangeDepth, ExchangePoll, MarketAnalytics } from '../wire/exchange-records.js'
import type { AnalysisProgress } from '../wire/round-progress.js'
import { type AnalyseOptions, analyse } from './analyse.js'
import type { AnalysedRound, OutgoingRecord, Writer } from './exchange-ports.js'

const MINUTE = 60_000
const FIRST = Math.floor(START / MINUTE) * MINUTE

const OPTIONS: AnalyseOptions = {
  job: 'market-analytics',
  owner: 'ours',
  version: '9.9.9',
  random: () => 0.5,
  notionals: [parseDecimal('50000')!, parseDecimal('100000')!],
  fees: new Map(),
  depthTopic: 'exchange-depth',
  analyticsTopic: 'market-analytics',
  acceptIncomplete: false,
  once: true,
}

const codec = plainCodec<ExchangePoll>('depthline.ExchangePoll')

/** Kraken's body with one deep level a side around `mid`. */
function krakenBody(mid: number): string {
  const side = (price: number) => `[["${price}.0","10.0",1700000000]]`
  return `{"error":[],"result":{"XXBTZUSD":{"asks":${side(mid + 1)},"bids":${side(mid - 1)}}}}`
}

function geminiBody(mid: number): string {
  const side = (price: number) => `[{"price":"${price}","amount":"9","timestamp":"1700000000"}]`
  return `{"bids":${side(mid - 2)},"asks":${side(mid + 2)}}`
}

interface World {
  readonly input: MemoryRecords<never>
  readonly output: MemoryRecords<AnalysisProgress>
  readonly kept: AnalysedRound[]
  readonly writers: (Writer | undefined)[]
}

const newWorld = (): World => ({
  input: new MemoryRecords(),
  output: new MemoryRecords(),
  kept: [],
  writers: [],
})

async function put(world: World, record: ExchangePoll) {
  await putValue(world, await codec.encode(record))
}

async function putValue({ input }: World, value: Uint8Array, schema = 'of somebody else') {
  const record: OutgoingRecord = {
    topic: 'exchange-books',
    key: '',
    value,
    timestampMs: FIRST + 100 * MINUTE,
    headers: { schema },
  }
  input.records.push(record)
}

/** What an exchange says at a minute. */
type Say = (asked: Asked) => ExchangePoll

const askedAt = (minute: number, exchange: string | null = null): Asked => {
  return { exchange, market: exchange && 'BTC-USD', poll_at: FIRST + minute * MINUTE }
}

const ROUND_COMPLETE = { kind: 'round_complete', markets: ['BTC-USD'] } as const

/** What the exchanges say at a minute, and that it is complete. */
async function putRound(world: World, minute: number, says: Record<string, Say>) {
  for (const [exchange, say] of Object.entries(says)) {
    await put(world, say(askedAt(minute, exchange)))
  }
  const end = failureOf(askedAt(minute), 'timeout', FIRST)
  await put(world, { ...end, ...ROUND_COMPLETE, exchanges: ['kraken', 'gemini'] })
}

function run(world: World, options: Partial<AnalyseOptions> = {}, lowest = 0) {
  const clock = new FakeClock(START)
  const log = new Logged()
  const ports = {
    open: async (from: number) => world.input.reader('exchange-books', Math.max(from, lowest)),
    transactions: world.output,
    sinks: [
      {
        write: async (round: AnalysedRound, writer?: Writer) => {
          world.kept.push(round)
          world.writers.push(writer)
        },
      },
    ],
    polls: codec,
    depth: plainCodec<ExchangeDepth>('depthline.ExchangeDepth'),
    analytics: plainCodec<MarketAnalytics>('depthline.MarketAnalytics'),
    clock,
    log,
  }
  const stopping = new AbortController()
  const done = analyse(ports, { ...OPTIONS, ...options }, stopping.signal)
  done.catch(() => {})
  return { clock, log, done, stop: () => stopping.abort() }
}

async function runToEnd(world: World, options: Partial<AnalyseOptions> = {}, lowest = 0) {
  const { clock, done } = run(world, options, lowest)
  await clock.advance(60_000)
  return done
}

const both = (mid: number): Record<'kraken' | 'gemini', Say> => ({
  kraken: (asked) => answerOf(asked, krakenBody(mid), FIRST),
  gemini: (asked) => answerOf(asked, geminiBody(mid + 2), FIRST),
})

const analyticsOf = ({ output }: World) => output.values<MarketAnalytics>('market-analytics')

describe('analyse', () => {
  it('publishes depth for each exchange and analytics for each market, once a round', async () => {
    const world = newWorld()
    await putRound(world, 0, both(60_000))
    await putRound(world, 1, both(60_100))
    expect(await runToEnd(world)).toEqual({ rounds: 2, rejected: 0 })
    expect(analyticsOf(world)).toMatchObject([
      { poll_at: FIRST, average_mid_price: '60001', buy_exchange: 'kraken', buy_price: '60001' },
      { poll_at: FIRST + MINUTE, average_mid_price: '60101', sell_exchange: 'gemini' },
    ])
    const depth = world.output.values<ExchangeDepth>('exchange-depth')
    expect(depth.map(({ exchange, mid_price }) => [exchange, mid_price])).toEqual([
      ['kraken', '60000'],
      ['gemini', '60002'],
      ['kraken', '60100'],
      ['gemini', '60102'],
    ])
    expect(world.output.records[0]).toMatchObject({
      topic: 'exchange-depth',
      key: 'kraken/BTC-USD',
      timestampMs: FIRST,
      headers: { schema: 'depthline.ExchangeDepth' },
    })
    expect(world.kept.map(({ polls }) => polls.map(({ kind }) => kind))).toEqual([
      ['answer', 'answer', 'round_complete'],
      ['answer', 'answer', 'round_complete'],
    ])
  })

  it('has a record also for a minute without any book, which says why', async () => {
    const world = newWorld()
    await putRound(world, 0, { kraken: (asked) => failureOf(asked, 'http_status', FIRST) })
    await runToEnd(world)
    expect(analyticsOf(world)).toMatchObject([
      {
        average_mid_price: null,
        buy_exchange: null,
        exchanges: [{ reason: 'http_status' }, { reason: 'no_record' }],
      },
    ])
  })

  it.each(['lost', 'failed'] as const)(
    'publishes each round once where the answer to its commit is %s',
    async (fate) => {
      const world = newWorld()
      for (let minute = 0; minute < 6; minute++)
        await putRound(world, minute, both(60_000 + minute))
      let commits = 0
      world.output.before = async () => (++commits % 3 === 0 ? fate : 'done')
      expect((await runToEnd(world)).rounds).toBe(6)
      expect(analyticsOf(world).map(({ poll_at }) => (poll_at - FIRST) / MINUTE)).toEqual([
        0, 1, 2, 3, 4, 5,
      ])
    },
  )

  it('goes on after a kill at any commit as if there had been none', async () => {
    const whole = newWorld()
    for (let minute = 0; minute < 4; minute++) await putRound(whole, minute, both(60_000))
    await putValue(whole, new TextEncoder().encode('!'))
    await putRound(whole, 4, both(60_000))
    await runToEnd(whole)
    for (let kill = 1; kill <= 6; kill++) {
      for (const isDone of [true, false]) {
        const world = { ...newWorld(), input: whole.input }
        let commits = 0
        world.output.before = async () => {
          if (++commits !== kill) return 'done'
          return isDone ? 'lost' : new Promise(() => {})
        }
        const first = run(world)
        await first.clock.advance(100)
        world.output.before = async () => 'done'
        await runToEnd(world, { owner: 'the next' })
        expect(textOf(world)).toEqual(textOf(whole))
        expect(world.output.deadLetters).toEqual(whole.output.deadLetters)
      }
    }
  })

  it('tells a sink which process writes, the later one by a higher sequence', async () => {
    const world = newWorld()
    await putRound(world, 0, both(60_000))
    world.output.before = async () => (world.kept.length > 0 ? 'failed' : 'done')
    const first = run(world)
    await first.clock.advance(100)
    expect(world.writers).toEqual([{ job: 'market-analytics', lineage: 'ours', sequence: 1 }])
    expect(analyticsOf(world)).toEqual([])
    world.output.before = async () => 'done'
    await runToEnd(world, { owner: 'the next' })
    expect(world.writers[1]).toEqual({ ...world.writers[0], sequence: 2 })
    expect(world.kept[1]).toEqual(world.kept[0])
    expect(analyticsOf(world)).toHaveLength(1)
  })

  it('flags a body that is the one of the poll before, also across a restart', async () => {
    const world = newWorld()
    await putRound(world, 0, both(60_000))
    await runToEnd(world)
    await putRound(world, 1, { ...both(60_001), kraken: both(60_000).kraken })
    await runToEnd(world, { owner: 'the next' })
    const flags = world.output.values<ExchangeDepth>('exchange-depth').map((depth) => depth.flags)
    expect(flags).toEqual([[], [], ['same_body'], []])
  })

  it('dead-letters what is no record, and the stream goes on', async () => {
    const world = newWorld()
    await putValue(world, new TextEncoder().encode('!no record'))
    await putRound(world, 0, both(60_000))
    await putRound(world, 0, both(60_000))
    const end = failureOf(askedAt(1), 'timeout', FIRST)
    await put(world, { ...end, ...ROUND_COMPLETE })
    await putRound(world, 2, both(60_000))
    expect(await runToEnd(world)).toEqual({ rounds: 2, rejected: 3 })
    expect(world.output.deadLetters.map(({ headers }) => headers)).toMatchObject([
      { reason: 'bad_record', offset: '0', topic: 'exchange-books', detail: 'it begins with !' },
      { reason: 'out_of_order' },
      { reason: 'bad_record' },
    ])
    expect(world.output.deadLetters[0]?.value).toEqual(new TextEncoder().encode('!no record'))
  })

  it('takes nothing of a round that was turned away', async () => {
    const world = newWorld()
    await putRound(world, 1, both(60_000))
    await putRound(world, 0, both(10_000))
    await putRound(world, 2, both(60_000))
    expect(await runToEnd(world)).toEqual({ rounds: 2, rejected: 1 })
    expect(analyticsOf(world).map(({ buy_price }) => buy_price)).toEqual(['60001', '60001'])
  })

  it('dead-letters what comes after the last round too, and not again after a restart', async () => {
    const world = newWorld()
    await putRound(world, 0, both(60_000))
    await putValue(world, new TextEncoder().encode('!'))
    await runToEnd(world)
    await putValue(world, new TextEncoder().encode('!!'))
    await putRound(world, 1, both(60_000))
    await runToEnd(world, { owner: 'the next' })
    const values = world.output.deadLetters.map(({ value }) => new TextDecoder().decode(value!))
    expect(values).toEqual(['!', '!!'])
  })

  it('ends where Avro of the poller cannot be read, for a setting may be missing', async () => {
    const world = newWorld()
    await putRound(world, 0, both(60_000))
    await putValue(world, Uint8Array.of(0, 0, 0, 0, 1, 7), 'depthline.ExchangePoll')
    await putRound(world, 1, both(60_000))
    await expect(runToEnd(world)).rejects.toMatchObject({
      code: 'BAD_RECORD',
      message: expect.stringMatching(/^exchange-books\[0\] at offset 3: .*--accept-incomplete/),
    })
    expect(world.output.deadLetters).toEqual([])
    const passing = { acceptIncomplete: true }
    expect(await runToEnd(world, passing)).toEqual({ rounds: 1, rejected: 1 })
    expect(analyticsOf(world)).toHaveLength(2)
  })

  it('dead-letters junk that only says it is of the poller', async () => {
    const world = newWorld()
    await putValue(world, new TextEncoder().encode('!'), 'depthline.ExchangePoll')
    await putRound(world, 0, both(60_000))
    expect(await runToEnd(world)).toEqual({ rounds: 1, rejected: 1 })
  })

  it.each([
    ['names an exchange twice', { exchanges: ['kraken', 'kraken'] }],
    ['names no exchange', { exchanges: [] }],
    ['names what is no market', { markets: ['../../BTC'] }],
    ['names a market for a terminal', { markets: ['\u001b[2J'] }],
    ['lies in the future of Kafka', { poll_at: FIRST + 101 * MINUTE }],
  ])('dead-letters a round_complete that %s', async (_, change) => {
    const world = newWorld()
    const exchanges = ['kraken', 'gemini']
    const end = { ...failureOf(askedAt(0), 'timeout', FIRST), ...ROUND_COMPLETE, exchanges }
    await put(world, { ...end, ...change })
    await putRound(world, 1, both(60_000))
    expect(await runToEnd(world)).toEqual({ rounds: 1, rejected: 1 })
    expect(world.output.deadLetters[0]?.headers.reason).toBe('bad_record')
  })

  it('ends where the log is not the one that it has read before', async () => {
    const world = newWorld()
    await putRound(world, 0, both(60_000))
    await putRound(world, 1, both(60_000))
    await runToEnd(world)
    const other = { ...world, input: newWorld().input }
    await expect(runToEnd(other)).rejects.toMatchObject({ code: 'LOG_LOST' })
    for (let minute = 0; minute < 9; minute++) await putRound(other, minute, {})
    await expect(runToEnd(other)).rejects.toThrow('another record at offset 5')
  })

  it('ends where rounds were deleted unseen, unless that is accepted', async () => {
    const world = newWorld()
    await putRound(world, 0, both(60_000))
    await runToEnd(world)
    for (let minute = 1; minute < 4; minute++) await putRound(world, minute, both(60_000))
    await expect(runToEnd(world, {}, 6)).rejects.toThrow('--accept-incomplete')
    expect(await runToEnd(world, { acceptIncomplete: true }, 6)).toMatchObject({ rounds: 2 })
  })

  it('leaves a round alone that is not complete, and takes it up when it is', async () => {
    const world = newWorld()
    await put(world, both(60_000).kraken(askedAt(0, 'kraken')))
    expect(await runToEnd(world)).toEqual({ rounds: 0, rejected: 0 })
    await putRound(world, 0, { gemini: both(60_000).gemini })
    expect(await runToEnd(world)).toEqual({ rounds: 1, rejected: 0 })
    expect(analyticsOf(world)[0]?.mid_exchanges).toEqual(['kraken', 'gemini'])
  })

  it('leaves when it is told to', async () => {
    const world = newWorld()
    await putRound(world, 0, both(60_000))
    const { clock, done, stop } = run(world, { once: false })
    await clock.advance(1_000)
    stop()
    await clock.advance(1_000)
    expect(await done).toEqual({ rounds: 1, rejected: 0 })
  })
})

const textOf = ({ output }: World) =>
  output.records.map(({ key, value }) => `${key} ${new TextDecoder().decode(value)}`)
