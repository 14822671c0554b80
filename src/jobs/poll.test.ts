/** What `poll` writes, round by round, whatever exchanges, Kafka and the process itself do. */
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../testing/fake-clock.js'
import { Logged } from '../testing/memory-job.js'
import { answerOf, failureOf, MemoryRecords, plainCodec } from '../testing/memory-rounds.js'
import type { ExchangePoll } from '../wire/exchange-records.js'
import type { PollProgress } from '../wire/round-progress.js'
import type { Exchanges } from './exchange-ports.js'
import { type PollOptions, poll } from './poll.js'

const MINUTE = 60_000
/** A UTC minute. */
const NOON = Date.UTC(2026, 10, 21, 12)

const OPTIONS: PollOptions = {
  job: 'exchange-books',
  owner: 'ours',
  version: '9.9.9',
  random: () => 0.5,
  topic: 'exchange-books',
  exchanges: ['coinbase', 'kraken'],
  markets: ['BTC-USD', 'ETH-USD'],
  periodMs: MINUTE,
  deadlineMs: 10_000,
  once: false,
}

type Behave = (
  request: Parameters<Exchanges['ask']>[0],
  clock: FakeClock,
  onLate: (record: ExchangePoll) => void,
) => Promise<ExchangePoll>

const quick: Behave = async (request, clock) => {
  await clock.sleep(100)
  return answerOf(asked(request), `${request.exchange} ${request.market}`, clock.now())
}

function asked({ exchange, market, pollAt }: Parameters<Exchanges['ask']>[0]) {
  return { exchange, market, poll_at: pollAt }
}

function start(given: {
  clock?: FakeClock
  log?: MemoryRecords<PollProgress>
  behave?: Behave
  options?: Partial<PollOptions>
}) {
  const { clock = new FakeClock(NOON), log = new MemoryRecords<PollProgress>() } = given
  const { behave = quick } = given
  const exchanges: Exchanges = { ask: (request, onLate) => behave(request, clock, onLate) }
  const stopping = new AbortController()
  const codec = plainCodec<ExchangePoll>('depthline.ExchangePoll')
  const ports = { exchanges, transactions: log, codec, clock, log: new Logged() }
  const done = poll(ports, { ...OPTIONS, ...given.options }, stopping.signal)
  done.catch(() => {})
  const stop = async () => {
    stopping.abort()
    await clock.advance(6_000)
    return done
  }
  return { clock, log, done, stop, lines: ports.log.lines }
}

/** `12:00 answer coinbase BTC-USD`, one for each record. */
function linesOf(log: MemoryRecords<PollProgress>): string[] {
  return log.values<ExchangePoll>('exchange-books').map((record) => {
    const time = new Date(record.poll_at).toISOString().slice(11, 16)
    const { kind, exchange, market, error } = record
    return [time, kind, exchange, market, error].filter((part) => part !== null).join(' ')
  })
}

const ROUND = [
  'answer coinbase BTC-USD',
  'answer kraken BTC-USD',
  'answer coinbase ETH-USD',
  'answer kraken ETH-USD',
  'round_complete',
]

const roundAt = (time: string, lines = ROUND) => lines.map((line) => `${time} ${line}`)

const NOT_POLLED = ROUND.map((line) => line.replace('answer', 'not_polled'))

describe('poll', () => {
  it('asks every exchange for every market on the minute, and says when a round is complete', async () => {
    const { clock, log, stop } = start({})
    await clock.advance(MINUTE + 1_000)
    expect(await stop()).toEqual({ rounds: 2, answers: 8, failures: 0, late: 0, notPolled: 0 })
    expect(linesOf(log)).toEqual([...roundAt('12:00'), ...roundAt('12:01')])
    expect(log.records[0]).toMatchObject({ key: 'coinbase/BTC-USD', timestampMs: NOON })
    expect(log.records[4]).toMatchObject({ key: 'round' })
    const [first] = log.values<ExchangePoll>('exchange-books')
    expect(first).toMatchObject({ poll_at: NOON, requested_at: NOON + 100, status: 200 })
    expect(new TextDecoder().decode(first!.body!)).toBe('coinbase BTC-USD')
  })

  it('waits for the next minute where it begins too late for this one', async () => {
    const { clock, log, stop } = start({ clock: new FakeClock(NOON + 10_000) })
    await clock.advance(49_999)
    expect(log.records).toHaveLength(0)
    await clock.advance(1_000)
    await stop()
    expect(linesOf(log)).toEqual(roundAt('12:01'))
  })

  it('writes what comes at once, and not behind what takes long', async () => {
    const behave: Behave = async (request, clock, onLate) => {
      if (request.exchange === 'coinbase') return quick(request, clock, onLate)
      await clock.sleep(request.deadlineMs - clock.now())
      return failureOf(asked(request), 'timeout', clock.now())
    }
    const { clock, log, stop } = start({ behave })
    await clock.advance(200)
    expect(linesOf(log)).toEqual(['12:00 answer coinbase BTC-USD', '12:00 answer coinbase ETH-USD'])
    await clock.advance(10_000)
    expect(linesOf(log).slice(2)).toEqual([
      '12:00 failure kraken BTC-USD timeout',
      '12:00 failure kraken ETH-USD timeout',
      '12:00 round_complete',
    ])
    await stop()
  })

  it('writes an answer that comes after its failure as a record of its own', async () => {
    const behave: Behave = async (request, clock, onLate) => {
      if (request.exchange !== 'kraken' || clock.now() > NOON) return quick(request, clock, onLate)
      await clock.sleep(10_000)
      void clock
        .sleep(3_000)
        .then(() => onLate({ ...answerOf(asked(request), 'late', clock.now()), kind: 'late' }))
      return failureOf(asked(request), 'timeout', clock.now())
    }
    const { clock, log, stop } = start({ behave, options: { markets: ['BTC-USD'] } })
    await clock.advance(MINUTE + 1_000)
    expect(await stop()).toMatchObject({ late: 1, failures: 1 })
    expect(linesOf(log)).toEqual([
      '12:00 answer coinbase BTC-USD',
      '12:00 failure kraken BTC-USD timeout',
      '12:00 round_complete',
      '12:00 late kraken BTC-USD',
      '12:01 answer coinbase BTC-USD',
      '12:01 answer kraken BTC-USD',
      '12:01 round_complete',
    ])
  })

  it('names the minutes in which it was down', async () => {
    const first = start({})
    await first.clock.advance(1_000)
    await first.stop()
    const { clock, log, stop } = start({ log: first.log, clock: new FakeClock(NOON + 3 * MINUTE) })
    await clock.advance(1_000)
    expect(await stop()).toMatchObject({ notPolled: 8, rounds: 1 })
    expect(linesOf(log)).toEqual([
      ...roundAt('12:00'),
      ...roundAt('12:01', NOT_POLLED),
      ...roundAt('12:02', NOT_POLLED),
      ...roundAt('12:03'),
    ])
  })

  it('names a long absence in several commits, each minute once', async () => {
    const first = start({})
    await first.clock.advance(1_000)
    await first.stop()
    const minutes = 1_000
    const clock = new FakeClock(NOON + minutes * MINUTE)
    const { log, stop } = start({ log: first.log, clock })
    const before = log.commits
    await clock.advance(1_000)
    await stop()
    expect(log.commits - before).toBe(1 + Math.ceil(((minutes - 1) * 5) / 1_000) + 5)
    const complete = log
      .values<ExchangePoll>('exchange-books')
      .filter(({ kind }) => kind === 'round_complete')
    expect(complete.map(({ poll_at }) => (poll_at - NOON) / MINUTE)).toEqual(
      Array.from({ length: minutes + 1 }, (_, minute) => minute),
    )
  })

  /** Runs until so many records are written, as if the process were killed then. */
  async function killedAfter(records: number): Promise<MemoryRecords<PollProgress>> {
    const log = new MemoryRecords<PollProgress>()
    log.before = async () => (log.records.length >= records ? new Promise(() => {}) : 'done')
    const { clock } = start({ log })
    await clock.advance(1_000)
    log.before = async () => 'done'
    expect(log.records).toHaveLength(records)
    return log
  }

  it.each([0, 1, 3, 4])('goes on with a round that was interrupted after %i records', async (n) => {
    const log = await killedAfter(n)
    const { clock, stop } = start({ log, clock: new FakeClock(NOON + 5_000) })
    await clock.advance(1_000)
    await stop()
    expect(linesOf(log).sort()).toEqual(roundAt('12:00').sort())
    expect(linesOf(log).at(-1)).toBe('12:00 round_complete')
  })

  it('names what is missing of an interrupted round once it is too late for it', async () => {
    const log = await killedAfter(1)
    const { clock, stop } = start({ log, clock: new FakeClock(NOON + MINUTE) })
    await clock.advance(1_000)
    await stop()
    expect(linesOf(log)).toEqual([
      ...roundAt('12:00', [ROUND[0]!, ...NOT_POLLED.slice(1)]),
      ...roundAt('12:01'),
    ])
  })

  it.each(['lost', 'failed'] as const)(
    'writes each record once where the answer to its commit is %s',
    async (fate) => {
      const log = new MemoryRecords<PollProgress>()
      let commits = 0
      log.before = async () => (++commits % 3 === 0 ? fate : 'done')
      const { clock, stop } = start({ log })
      await clock.advance(MINUTE + 20_000)
      await stop()
      expect(linesOf(log)).toEqual([...roundAt('12:00'), ...roundAt('12:01')])
    },
  )

  it('goes on asking while Kafka is away, and writes all of it afterwards', async () => {
    const log = new MemoryRecords<PollProgress>()
    const { clock, stop } = start({ log })
    await clock.advance(1_000)
    log.before = async () => 'failed'
    await clock.advance(3 * MINUTE)
    expect(linesOf(log)).toEqual(roundAt('12:00'))
    log.before = async () => 'done'
    await clock.advance(5_000)
    await stop()
    const times = ['12:00', '12:01', '12:02', '12:03']
    expect(linesOf(log)).toEqual(times.flatMap((time) => roundAt(time)))
  })

  it('asks no more where too many rounds wait for Kafka, and names those minutes', async () => {
    const log = new MemoryRecords<PollProgress>()
    const { clock, stop } = start({ log })
    await clock.advance(1_000)
    log.before = async () => 'failed'
    await clock.advance(40 * MINUTE)
    log.before = async () => 'done'
    await clock.advance(MINUTE)
    const counts = await stop()
    expect(counts.rounds + counts.notPolled / 4).toBe(42)
    expect(counts.notPolled).toBeGreaterThan(0)
    const complete = linesOf(log).filter((line) => line.endsWith('round_complete'))
    expect(new Set(complete).size).toBe(42)
    expect(complete).toHaveLength(42)
  })

  it('ends with FENCED where another process takes over', async () => {
    const log = new MemoryRecords<PollProgress>()
    const first = start({ log })
    await first.clock.advance(1_000)
    const second = start({ log, clock: first.clock, options: { owner: 'theirs' } })
    await first.clock.advance(2 * MINUTE)
    await expect(first.done).rejects.toMatchObject({ code: 'FENCED' })
    await second.stop()
    expect(linesOf(log)).toEqual(['12:00', '12:01', '12:02'].flatMap((time) => roundAt(time)))
  })

  it('waits where the clock steps back, and names what a step forward leaves out', async () => {
    const clock = new FakeClock(NOON)
    clock.stepWall({ at: 90_000, byMs: -2 * MINUTE })
    clock.stepWall({ at: 5 * MINUTE + 30_000, byMs: 3 * MINUTE })
    const { log, stop } = start({ clock })
    await clock.advance(7 * MINUTE)
    await stop()
    const complete = linesOf(log).filter((line) => line.endsWith('round_complete'))
    const times = complete.map((line) => line.slice(0, 5))
    expect(times).toEqual([...new Set(times)].sort())
    expect(linesOf(log).filter((line) => line.includes('not_polled')).length).toBeGreaterThan(0)
  })

  it('polls one round with --once, however old the minute is, and not twice', async () => {
    const clock = new FakeClock(NOON + 30_000)
    const first = start({ clock, options: { once: true } })
    await clock.advance(1_000)
    expect(await first.done).toMatchObject({ rounds: 1, answers: 4 })
    const again = start({ clock, log: first.log, options: { once: true } })
    await clock.advance(1_000)
    expect(await again.done).toMatchObject({ rounds: 0 })
    expect(linesOf(first.log)).toEqual(roundAt('12:00'))
  })

  it('finishes the round in hand when it is told to stop', async () => {
    const behave: Behave = async (request, clock, onLate) => {
      await clock.sleep(2_000)
      return quick(request, clock, onLate)
    }
    const { clock, log, stop } = start({ behave })
    await clock.advance(500)
    expect(await stop()).toMatchObject({ rounds: 1 })
    expect(linesOf(log)).toEqual(roundAt('12:00'))
  })
})
