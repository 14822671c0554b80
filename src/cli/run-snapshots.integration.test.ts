/** Snapshots of a real `run`: a start from one, from a copy in Kafka, and what cannot be written. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest'
import { connect, disconnect } from '../kafka/client.js'
import { lastRecord } from '../kafka/topic-reader.js'
import { killLeftovers, type RunningCli, runCli, startCli } from '../testing/cli.js'
import { progressOf } from '../testing/memory-job.js'
import { closedRecord, openRecord } from '../testing/order-events.js'
import {
  naiveBookBelow,
  type RunTopics,
  runTopics,
  stopRun,
  ticksOf,
  tickWhere,
  tickWithRecords,
} from '../testing/run-job.js'
import { makeTopic, produce, readAll, withAdmin } from '../testing/topics.js'
import { writeProgress } from '../wire/progress.js'

const NEVER = new AbortController().signal
const SETTINGS = () => ({ brokers: inject('brokers').split(','), clientId: 'test' })

let data: string
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'depthline-snapshots-'))
})
afterEach(async () => {
  await killLeftovers()
  rmSync(data, { recursive: true, force: true })
})

async function start(topics: RunTopics, flags: readonly string[] = []): Promise<RunningCli> {
  const { input, output, deadLetters } = topics
  const names = ['--input', input, '--output', output, '--dead-letters', deadLetters]
  const job = startCli(['run', ...names, '--snapshot-seconds', '1', ...flags], {
    env: { DEPTHLINE_DATA: data },
  })
  await job.logged('"msg":"caught up"')
  return job
}

/** Opens, some of them closed again, and broken ones: `count` records from id `first` on. */
function records(first: number, count: number) {
  return Array.from({ length: count }, (_, index) => {
    const id = first + index
    if (id % 50 === 0) return { key: `${id}`, value: 'broken' }
    const isClose = id % 3 === 0
    const value = isClose ? closedRecord(id - 1) : openRecord({ id, price: `${100 + (id % 7)}` })
    return { key: `${isClose ? id - 1 : id}`, value: Buffer.from(value) }
  })
}

function files({ output }: RunTopics): string[] {
  const folder = join(data, 'snapshots', output)
  return readdirSync(folder).map((name) => join(folder, name))
}

/** Runs a job until it has a snapshot of its first records, kills it, and adds more to the input. */
async function killedJob(topics: RunTopics, flags: readonly string[] = []): Promise<void> {
  await makeTopic(topics.input, { partitions: 3 })
  await produce(topics.input, records(1, 500))
  const job = await start(topics, flags)
  const { tick } = await tickWithRecords(topics.output, 500)
  await tickWhere(topics.output, (later) => later.tick > tick + 4)
  await job.stop('SIGKILL')
  await produce(topics.input, records(501, 300))
}

/** Every tick is the book of exactly the input below it, and each broken record was sent on once. */
async function expectRight(topics: RunTopics): Promise<void> {
  const input = await readAll(topics.input)
  const ticks = await ticksOf(topics.output)
  for (const [index, tick] of ticks.entries()) {
    if (index > 0) expect(tick.tick - 1 - tick.missed).toBe(ticks[index - 1]!.tick)
    expect(tick.value).toBe(naiveBookBelow(input, tick).message(15))
  }
  const letters = (await readAll(topics.deadLetters)).map(({ headers }) => headers)
  const places = letters.map(({ partition, offset }) => `${partition}:${offset}`)
  expect(new Set(places).size).toBe(places.length)
  expect(places.length).toBe(input.filter(({ value }) => String(value) === 'broken').length)
}

describe('run with snapshots', () => {
  it('goes on where the newest one ends, with the same books and counts', async () => {
    const topics = runTopics('snapshot')
    await killedJob(topics)
    expect(files(topics).filter((name) => name.endsWith('.snapshot')).length).toBeGreaterThan(0)
    const job = await start(topics)
    expect(job.stderr).toContain('"msg":"snapshot loaded"')
    await tickWithRecords(topics.output, 800)
    const summary = await stopRun(job)
    expect(summary.records).toBe(800)
    expect(summary.rejected).toBe(16)
    await expectRight(topics)

    // Verify can begin at a snapshot too, and has to where the input's start is gone.
    const [snapshot = ''] = files(topics).sort()
    await withAdmin((admin) => deleteBelow(admin, topics.input))
    const names = ['--input', topics.input, '--output', topics.output]
    const verify = ['verify', ...names, '--dead-letters', topics.deadLetters]
    const fromSnapshot = await runCli([...verify, '--snapshot', snapshot])
    expect(JSON.parse(fromSnapshot.stdout)).toMatchObject({ wrong: 0 })
    expect(JSON.parse(fromSnapshot.stdout).verified).toBeGreaterThan(0)
    expect(fromSnapshot.code).toBe(0)
    expect((await runCli(verify)).code).toBe(4)
  })

  it('does without those that are damaged, and says so', async () => {
    const topics = runTopics('damaged')
    await killedJob(topics)
    for (const file of files(topics)) {
      const bytes = readFileSync(file)
      bytes[bytes.length >> 1]! ^= 4
      writeFileSync(file, bytes)
    }
    const job = await start(topics)
    expect(job.stderr).toContain('"msg":"snapshot refused"')
    expect(job.stderr).not.toContain('"msg":"snapshot loaded"')
    await tickWithRecords(topics.output, 800)
    await stopRun(job)
    await expectRight(topics)
  })

  it('goes on from the copy in Kafka where the folder is lost', async () => {
    const topics = runTopics('copied')
    const flags = ['--snapshot-topic', `${topics.output}.snapshots`]
    await killedJob(topics, flags)
    rmSync(join(data, 'snapshots'), { recursive: true })
    // The input below the snapshot is gone too, so there is no other way.
    await withAdmin((admin) => deleteBelow(admin, topics.input))
    const job = await start(topics, flags)
    expect(job.stderr).toMatch(/"snapshot":"[^"]*\.snapshots\[0\] at offset \d+"/)
    await tickWithRecords(topics.output, 800)
    const summary = await stopRun(job)
    expect(summary.openOrders).toBeGreaterThan(0)
    expect(summary.records).toBe(800)
  })

  it('keeps two generations in Kafka and deletes what is older', async () => {
    const topics = runTopics('generations')
    const copies = `${topics.output}.snapshots`
    await makeTopic(topics.input)
    const job = await start(topics, ['--snapshot-topic', copies])
    for (let round = 0; round < 5; round++) {
      await produce(topics.input, records(round * 10 + 1, 10))
      await setTimeout(1_500)
    }
    await stopRun(job)
    const [range] = await withAdmin((admin) => admin.fetchTopicOffsets(copies))
    expect(Number(range!.low)).toBeGreaterThan(0)
    const ends = (await readAll(copies)).filter(({ key }) => String(key).includes('"tick"'))
    expect(ends.length).toBe(2)
  })

  it('goes on without them where the folder cannot be written, with an alarm', async () => {
    const topics = runTopics('unwritable')
    await makeTopic(topics.input)
    await produce(topics.input, records(1, 100))
    writeFileSync(join(data, 'snapshots'), 'a file where a folder belongs')
    const job = await start(topics)
    await job.logged('"msg":"snapshot failed"')
    const { tick } = await tickWithRecords(topics.output, 100)
    await tickWhere(topics.output, (later) => later.tick > tick + 2)
    const summary = await stopRun(job)
    expect(summary).toMatchObject({ snapshots: 0 })
    expect(Number(Reflect.get(summary, 'snapshotFailures'))).toBeGreaterThan(0)
    await expectRight(topics)
  })

  it('refuses a topic for its copies that holds anything else', async () => {
    const topics = runTopics('not-ours')
    const foreign = await makeTopic(`${topics.output}.foreign`)
    await produce(foreign, [{ key: 'a', value: 'somebody else’s' }])
    const wide = await makeTopic(`${topics.output}.wide`, { partitions: 2 })
    for (const topic of [foreign, wide, `${topics.output}.progress`]) {
      const names = ['--input', topics.input, '--output', topics.output]
      const flags = [...names, '--dead-letters', topics.deadLetters, '--snapshot-topic', topic]
      expect((await runCli(['run', ...flags])).code).toBe(2)
    }
    expect(await readAll(foreign)).toHaveLength(1)
  })

  it('catches up though one partition is done long before another', async () => {
    const topics = runTopics('skewed')
    await makeTopic(topics.input, { partitions: 2 })
    const inPartition = (partition: number, first: number, count: number) =>
      Array.from({ length: count }, (_, index) => {
        const value = Buffer.from(openRecord({ id: first + index }))
        return { partition, value }
      })
    await produce(topics.input, [...inPartition(0, 0, 10), ...inPartition(1, 100_000, 50_000)])
    const first = await start(topics)
    await tickWithRecords(topics.output, 50_010)
    await first.stop('SIGKILL')
    await produce(topics.input, inPartition(0, 10, 20_000))
    const second = await start(topics, ['--rebuild'])
    await tickWithRecords(topics.output, 70_010)
    expect((await stopRun(second)).openOrders).toBe(70_010)
  }, 60_000)

  it('starts among a million progress records as it does among few', async () => {
    const topics = runTopics('month')
    await makeTopic(topics.input)
    const progress = await makeTopic(`${topics.output}.progress`)
    const million = 1_000_000
    const batch = Array.from({ length: 4_000 }, () => ({
      key: topics.output,
      value: '{}',
    }))
    for (let sent = 0; sent < million; sent += batch.length) await produce(progress, batch)
    const value = writeProgress(progressOf({ tick: 7, offsets: [0], sequence: million }))
    await produce(progress, [{ key: topics.output, value }])

    let seen = 0
    const cluster = await connect(SETTINGS(), pino({ level: 'silent' }), NEVER)
    const last = await lastRecord(
      cluster,
      { topic: progress, job: topics.output },
      () => seen++ >= 0,
    )
    await disconnect(cluster)
    expect(last?.offset).toBe(million)
    expect(seen).toBeLessThan(1_000)
    const job = await start(topics)
    await tickWhere(topics.output, ({ tick }) => tick > 7)
    await stopRun(job)
  }, 120_000)
})

async function deleteBelow(
  admin: Parameters<Parameters<typeof withAdmin>[0]>[0],
  topic: string,
): Promise<void> {
  await admin.fetchTopicOffsets(topic)
  const partitions = [0, 1, 2].map((partition) => ({ partition, offset: '100' }))
  await admin.deleteTopicRecords({ topic, partitions })
}
