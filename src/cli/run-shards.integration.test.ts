/** `run` as shards and a merger: the same messages as one process, also while members come and go. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { killLeftovers, runCli, startCli } from '../testing/cli.js'
import { closedRecord, openRecord } from '../testing/order-events.js'
import {
  naiveBookBelow,
  type RunTopics,
  recordsBelow,
  runTopics,
  type StoredTick,
  startRun,
  ticksOf,
  tickWhere,
  tickWithRecords,
} from '../testing/run-job.js'
import { makeTopic, produce, readAll, type StoredRecord, withAdmin } from '../testing/topics.js'

afterEach(killLeftovers)

const SHARD = ['--role', 'shard']
const MERGE = ['--role', 'merge']

describe('run --role shard and --role merge', () => {
  it('publish what replay prints of the same input', { timeout: 60_000 }, async () => {
    const topics = runTopics('shards')
    await makeTopic(topics.input, { partitions: 8 })
    const shards = [await startRun(topics, SHARD), await startRun(topics, SHARD)]
    const merger = await startRun(topics, [...MERGE, '--by-symbol'])
    const flags = ['--topic', topics.input, '--count', '4000', '--interval', '0', '--batch', '500']
    await runCli(['emulate', ...flags, '--faults', '0.1'])
    const last = await tickWithRecords(topics.output, 4_000)
    for (const cli of [merger, ...shards]) expect(await cli.stop()).toMatchObject({ code: 0 })

    const input = await readAll(topics.input)
    expect(`${last.value}\n`).toBe(await replayed(input))
    await expectExactTicks(topics, input)
    expect(await joinedLadders(`${topics.output}.by-symbol`)).toBe(last.value)
    const letters = await readAll(topics.deadLetters)
    const rejected = (await ticksOf(topics.output)).map((tick) => tick.rejected)
    expect(letters.length).toBeGreaterThan(0)
    expect(rejected.reduce((sum, count) => sum + count, 0)).toBe(letters.length)
    const takeovers = shards.map((shard) => JSON.parse(shard.stdout).takeovers)
    expect(Math.min(...takeovers)).toBeGreaterThanOrEqual(4)
  })

  it('stay exact while a shard and the merger are killed', { timeout: 90_000 }, async () => {
    const topics = runTopics('shards-killed')
    const shards = [await startRun(topics, SHARD), await startRun(topics, SHARD)]
    const merger = await startRun(topics, MERGE)
    await startRun(topics, [...MERGE, '--standby'])
    await produce(topics.input, records(0))
    await tickWithRecords(topics.output, 300)

    await shards[0]!.stop('SIGKILL')
    const killed = Math.floor(Date.now() / 1000)
    const stale = await tickWhere(topics.output, ({ record }) => record.headers.stale !== undefined)
    await produce(topics.input, records(300))
    const whole = await tickWithRecords(topics.output, 600)
    const fresh = await tickWhere(topics.output, (tick) => {
      return tick.tick >= whole.tick && tick.record.headers.stale === undefined
    })
    // The session of 6 s, a rebalance, and a restart of the shards that moved.
    expect(fresh.tick - killed).toBeLessThan(15)
    expect(Object.keys(JSON.parse(stale.record.headers.stale!)).length).toBeGreaterThan(0)

    await merger.stop('SIGKILL')
    await produce(topics.input, records(600))
    const after = await tickWithRecords(topics.output, 900)
    await tickWhere(topics.output, ({ tick }) => tick > after.tick)
    await killLeftovers()

    const ticks = await expectExactTicks(topics, await readAll(topics.input))
    // What was stale had stood still, and its age grew from tick to tick.
    for (const [index, { offsets, record }] of ticks.entries()) {
      for (const [partition, age] of Object.entries(JSON.parse(record.headers.stale ?? '{}'))) {
        expect(age).toBeGreaterThan(0)
        if (age === 1) continue
        expect(offsets[Number(partition)]).toBe(ticks[index - 1]!.offsets[Number(partition)])
      }
    }
    const letters = await readAll(topics.deadLetters)
    const places = letters.map(({ headers }) => `${headers.partition}:${headers.offset}`)
    expect(places).toHaveLength(300)
    expect(new Set(places).size).toBe(300)
    const rejected = ticks.map((tick) => tick.rejected)
    expect(rejected.reduce((sum, count) => sum + count, 0)).toBe(300)
  })

  it('go on where one process stopped, and it where they did', { timeout: 60_000 }, async () => {
    const topics = runTopics('shards-switch')
    const one = await startRun(topics)
    await produce(topics.input, records(0))
    await tickWithRecords(topics.output, 300)
    expect(await one.stop()).toMatchObject({ code: 0 })

    const merger = await startRun(topics, MERGE)
    const shard = await startRun(topics, SHARD)
    await produce(topics.input, records(300))
    await tickWithRecords(topics.output, 600)
    expect(await shard.stop()).toMatchObject({ code: 0 })
    // Only a tick that shows where the shards ended lets one process go on there.
    const stale = await tickWhere(topics.output, ({ record }) => record.headers.stale !== undefined)
    await tickWhere(topics.output, ({ tick }) => tick > stale.tick)
    expect(await merger.stop()).toMatchObject({ code: 0 })

    await startRun(topics)
    await produce(topics.input, records(600))
    await tickWithRecords(topics.output, 900)
    await killLeftovers()

    const ticks = await expectExactTicks(topics, await readAll(topics.input))
    const letters = await readAll(topics.deadLetters)
    const places = letters.map(({ headers }) => `${headers.partition}:${headers.offset}`)
    expect(new Set(places).size).toBe(places.length)
    expect(places).toHaveLength(300)
    const rejected = ticks.map((tick) => tick.rejected)
    expect(rejected.reduce((sum, count) => sum + count, 0)).toBe(300)
  })

  it('end with 4 where the levels topic holds something else', { timeout: 60_000 }, async () => {
    const topics = runTopics('shards-foreign')
    const levels = `${topics.output}.levels`
    await makeTopic(levels, { partitions: 4 })
    await produce(levels, [{ key: 'a', value: 'b', partition: 2 }])
    const merger = await startRun(topics, MERGE)
    const { code, stderr } = await merger.result
    expect(code).toBe(4)
    expect(stderr).toContain(`${levels}[2] at offset 0 is no record of a shard`)
  })

  it('end with 4 where the levels are lost and the shards’ progress is not, and say what to do', async () => {
    const topics = runTopics('shards-lost')
    const levels = `${topics.output}.levels`
    const [shard, merger] = [await startRun(topics, SHARD), await startRun(topics, MERGE)]
    await produce(topics.input, records(0))
    await tickWithRecords(topics.output, 300)
    // While they run: the merger ends, and the shard when somebody makes the topic anew.
    await withAdmin((admin) => admin.deleteTopics({ topics: [levels] }))
    expect(await merger.result).toMatchObject({ code: 4 })
    const next = await startRun(topics, MERGE)
    const ended = await shard.result
    expect(ended).toMatchObject({ code: 4 })
    expect(ended.stderr).toContain(`topic ${levels} was made anew; stop all shards and mergers`)
    expect(await next.result).toMatchObject({ code: 4 })
    // And at a start.
    expect(await (await startRun(topics, SHARD)).result).toMatchObject({ code: 4 })

    const both = [levels, `${topics.output}.shards`]
    await withAdmin((admin) => admin.deleteTopics({ topics: both }))
    const jobs = [await startRun(topics, SHARD), await startRun(topics, MERGE)]
    await produce(topics.input, records(300))
    const last = await tickWithRecords(topics.output, 600)
    expect(`${last.value}\n`).toBe(await replayed(await readAll(topics.input)))
    for (const job of jobs) await job.stop()
  })

  it.each([
    ['shard', '--standby'],
    ['shard', '--accept-incomplete'],
    ['shard', '--by-symbol'],
    ['merge', '--rekey'],
    ['merge', '--rebuild'],
    ['shard', '--levels', '5'],
    ['merge', '--closed-window', '5'],
  ])('refuse flags that are not for --role %s: %s', async (role, flag, ...value) => {
    const { code, stderr } = await startCli(['run', '--role', role, flag, ...value]).result
    expect(code).toBe(2)
    expect(stderr).toContain(`${flag} is not for --role ${role}`)
  })
})

/** Every tick is the book of exactly the input below its offsets, in the right order. */
async function expectExactTicks(
  { output }: RunTopics,
  input: readonly StoredRecord[],
): Promise<StoredTick[]> {
  const ticks = await ticksOf(output)
  for (const [index, tick] of ticks.entries()) {
    const before = ticks[index - 1]
    if (before !== undefined) expect(tick.tick - 1 - tick.missed).toBe(before.tick)
    if (before !== undefined)
      expect(recordsBelow(tick)).toBeGreaterThanOrEqual(recordsBelow(before))
    const oracle = naiveBookBelow(input, tick)
    expect(tick.value).toBe(oracle.message(15))
    expect(JSON.parse(tick.record.headers.crossed!)).toEqual(oracle.crossed())
  }
  return ticks
}

/** The message put together from the newest ladder of each symbol. */
async function joinedLadders(topic: string): Promise<string> {
  const newest = new Map((await readAll(topic)).map(({ key, value }) => [String(key), value]))
  const held = [...newest.entries()].filter(([, value]) => value !== null).sort()
  return `[${held.map(([, value]) => String(value).slice(1, -1)).join(',')}]`
}

/** What `replay` prints after the last record. */
async function replayed(input: readonly StoredRecord[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'depthline-replayed-'))
  const file = join(folder, 'events')
  writeFileSync(file, input.map(({ value }) => `${value}\n`).join(''))
  const { stdout } = await runCli(['replay', file, '--events-per-tick', '1000000'])
  rmSync(folder, { recursive: true })
  return stdout
}

/** 300 records, keyed: orders, closes of every third of them, and broken ones. */
function records(firstId: number) {
  return Array.from({ length: 300 }, (_, index) => {
    const kind = index % 3
    const id = firstId + (kind === 1 ? index - 1 : index)
    const order = { id, price: String(100 + (id % 7)), side: id % 2 ? 'BUY' : 'SELL' } as const
    const closes = kind === 1 && index % 2 === 0
    const orders = closes ? closedRecord(id) : openRecord({ ...order, id: firstId + index })
    const key = String(closes ? id : firstId + index)
    return { key, value: kind === 2 ? 'broken' : Buffer.from(orders) }
  })
}
