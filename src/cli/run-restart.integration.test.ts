/** Stopping `run` and starting it again: no tick twice, none invented, nothing published again. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { startBroker } from '../testing/broker.js'
import { killLeftovers, startCli } from '../testing/cli.js'
import { openRecord } from '../testing/order-events.js'
import {
  naiveBookBelow,
  recordsBelow,
  runTopics,
  startRun,
  stopRun,
  ticksOf,
  tickWhere,
  tickWithRecords,
} from '../testing/run-job.js'
import { makeTopic, produce, readAll, uniqueName } from '../testing/topics.js'

afterEach(killLeftovers)

describe('run, stopped and started again', () => {
  it.each(['SIGINT', 'SIGKILL'] as const)(
    'goes on after its last tick with the seconds it missed (%s)',
    async (signal) => {
      const topics = runTopics('restart')
      const first = await startRun(topics)
      await produce(topics.input, mixedRecords(0))
      await tickWithRecords(topics.output, 200)
      await first.stop(signal)
      const before = (await ticksOf(topics.output)).at(-1)!

      await produce(topics.input, mixedRecords(200))
      // Down for so long that a second goes by, however quick the start.
      await setTimeout(2_500)
      const second = await startRun(topics)
      await tickWithRecords(topics.output, 400)
      await tickWhere(topics.output, ({ tick }) => tick > before.tick + 3)
      await stopRun(second)

      const input = await readAll(topics.input)
      const ticks = await ticksOf(topics.output)
      const after = ticks.find(({ tick }) => tick > before.tick)!
      // Right after a kill a reader may not see the last tick yet, so the gap may come one later.
      const gaps = ticks.filter(({ tick }) => tick > before.tick).map(({ missed }) => missed)
      expect(Math.max(...gaps)).toBeGreaterThan(0)
      expect(recordsBelow(after)).toBeGreaterThanOrEqual(recordsBelow(before))
      for (const [index, tick] of ticks.entries()) {
        if (index > 0) expect(tick.tick - 1 - tick.missed).toBe(ticks[index - 1]!.tick)
        expect(tick.value).toBe(naiveBookBelow(input, tick).message(15))
      }
    },
  )

  it('publishes no dead letter again', async () => {
    const topics = runTopics('restart-letters')
    for (const start of [0, 200, 400]) {
      const job = await startRun(topics)
      await produce(topics.input, mixedRecords(start))
      await tickWithRecords(topics.output, start + 200)
      await stopRun(job)
    }

    const letters = await readAll(topics.deadLetters)
    const places = letters.map(({ headers }) => `${headers.partition}:${headers.offset}`)
    expect(places).toHaveLength(300)
    expect(new Set(places).size).toBe(300)
    // What was counted before the restart is not counted again either.
    const rejected = (await ticksOf(topics.output)).map((tick) => tick.rejected)
    expect(rejected.reduce((sum, count) => sum + count, 0)).toBe(300)
  })

  it('publishes each dead letter once, though it is killed in the middle of a flood', async () => {
    const topics = runTopics('restart-flood')
    await makeTopic(topics.input, { partitions: 4 })
    const broken = (count: number) => Array.from({ length: count }, () => ({ value: 'broken' }))
    for (let sent = 0; sent < 60_000; sent += 5_000) await produce(topics.input, broken(5_000))
    for (let kill = 0; kill < 3; kill++) {
      const job = await startRun(topics)
      await setTimeout(200 + 150 * kill)
      await job.stop('SIGKILL')
    }
    const job = await startRun(topics)
    await tickWithRecords(topics.output, 60_000)
    await stopRun(job)

    const letters = await readAll(topics.deadLetters)
    const places = letters.map(({ headers }) => `${headers.partition}:${headers.offset}`)
    expect(places).toHaveLength(60_000)
    expect(new Set(places).size).toBe(60_000)
    const rejected = (await ticksOf(topics.output)).map((tick) => tick.rejected)
    expect(rejected.reduce((sum, count) => sum + count, 0)).toBe(60_000)
  })

  it('goes on after its own last tick among those of other jobs in the same topic', async () => {
    const topics = runTopics('two-jobs')
    const first = await startRun(topics, ['--job', 'ours'])
    await tickWhere(topics.output, () => true)
    await stopRun(first)
    const ours = (await ticksOf(topics.output)).at(-1)!
    const others = Array.from({ length: 300 }, (_, index) => ({
      key: 'theirs',
      value: '[]',
      headers: { tick: String(ours.tick + 1_000 + index), offsets: '{}' },
    }))
    await produce(topics.output, others)
    const second = await startRun(topics, ['--job', 'ours'])
    const next = await tickWhere(
      topics.output,
      ({ tick, record }) => tick > ours.tick && record.headers.version !== undefined,
    )
    await stopRun(second)

    expect(next.tick - 1 - next.missed).toBe(ours.tick)
  })
})

describe('a second process', () => {
  it('takes over at once, and the first ends with 6 and publishes nothing more', async () => {
    const topics = runTopics('takeover')
    const first = await startRun(topics)
    await produce(topics.input, mixedRecords(0))
    await tickWithRecords(topics.output, 200)
    const second = await startRun(topics)
    const { code, stderr } = await first.result
    const later = Math.floor(Date.now() / 1000) + 2
    await tickWhere(topics.output, ({ tick }) => tick > later)
    await stopRun(second)

    expect(code).toBe(6)
    expect(stderr).toContain('another process has taken over')
    const input = await readAll(topics.input)
    const ticks = await ticksOf(topics.output)
    for (const [index, tick] of ticks.entries()) {
      if (index > 0) expect(tick.tick - 1 - tick.missed).toBe(ticks[index - 1]!.tick)
      expect(tick.value).toBe(naiveBookBelow(input, tick).message(15))
    }
    expect(await readAll(topics.deadLetters)).toHaveLength(100)
  })
})

describe('a signal', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('%s ends run with 0 within 3 seconds', async (signal) => {
    const topics = runTopics('signal')
    const job = await startRun(topics)
    await tickWhere(topics.output, () => true)
    const signalledMs = performance.now()
    const { code, stdout } = await job.stop(signal)

    expect(performance.now() - signalledMs).toBeLessThan(3_000)
    expect(code).toBe(0)
    expect(JSON.parse(stdout).ticks).toBeGreaterThan(0)
    expect(stdout.split('\n')).toHaveLength(2)
  })

  it('ends export --follow, book and emulate with 0 too', async () => {
    const topic = await makeTopic(uniqueName('signals'))
    const commands = [
      ['export', '--topic', topic, '--follow'],
      ['book', '--topic', topic],
      ['emulate', '--topic', topic],
    ]
    for (const command of commands) {
      const job = startCli(command)
      await setTimeout(1_500)
      const signalledMs = performance.now()
      expect(await job.stop('SIGINT')).toMatchObject({ code: 0 })
      expect(performance.now() - signalledMs).toBeLessThan(3_000)
    }
  })

  it('ends run with 0 also while it cannot reach Kafka', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const job = startCli(['run'], { env: { KAFKA_BROKERS: `127.0.0.1:${port}` } })
    await once(silent, 'connection')
    expect(await job.stop('SIGINT')).toMatchObject({ code: 0 })
    silent.close()
  })

  it.runIf(process.env.KAFKA_BROKERS === undefined)(
    'aborts with 130 or 143 when it is the second',
    { timeout: 60_000 },
    async () => {
      // A broker that stands still holds the job in the middle of a commit.
      const broker = await startBroker()
      for (const [signal, code] of [
        ['SIGINT', 130],
        ['SIGTERM', 143],
      ] as const) {
        const job = startCli(['run'], { env: { KAFKA_BROKERS: broker.brokers } })
        await job.logged('running')
        await setTimeout(1_500)
        await broker.pause()
        await setTimeout(1_200)
        job.child.kill(signal)
        await setTimeout(300)
        expect(await job.stop(signal)).toMatchObject({ code })
        await broker.resume()
      }
      await broker.stop()
    },
  )
})

/** 200 records: half of them orders, half broken. */
function mixedRecords(firstId: number) {
  return Array.from({ length: 200 }, (_, index) => {
    const id = firstId + index
    const order = { id, price: String(100 + (id % 7)), side: id % 3 ? 'BUY' : 'SELL' } as const
    return { key: String(id), value: index % 2 ? 'broken' : Buffer.from(openRecord(order)) }
  })
}
