/** `depthline verify` on a real broker: what `run` publishes is right, and what somebody else adds is found. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { killLeftovers, runCli, startCli } from '../testing/cli.js'
import { hostileRecords } from '../testing/hostile-records.js'
import { openRecord } from '../testing/order-events.js'
import {
  type RunTopics,
  recordsBelow,
  runTopics,
  startRun,
  stopRun,
  ticksOf,
  tickWhere,
  tickWithRecords,
} from '../testing/run-job.js'
import { makeTopic, produce, readAll, withAdmin } from '../testing/topics.js'

const RECORDS = 3_000

afterEach(killLeftovers)

function flagsOf({ input, output, deadLetters }: RunTopics, ...flags: string[]): string[] {
  return ['verify', '--input', input, '--output', output, '--dead-letters', deadLetters, ...flags]
}

async function verify(topics: RunTopics, ...flags: string[]) {
  const { code, stdout, stderr } = await runCli(flagsOf(topics, ...flags))
  return { code, stderr, ...JSON.parse(stdout) }
}

/** Hostile records while the job runs, in two partitions that share ids or do not, the second with far fewer. */
async function publish(prefix: string, { shareIds = false } = {}): Promise<RunTopics> {
  const topics = runTopics(prefix)
  await makeTopic(topics.input, { partitions: 2 })
  const records = hostileRecords(5)
  const messages = Array.from({ length: RECORDS }, (_, index) => {
    const { value } = records.next().value
    const partition = index % 20 === 0 ? 1 : 0
    const own = shareIds || partition === 0 ? value : openRecord({ id: `own-${index}` })
    return { value: own === null ? null : Buffer.from(own), partition }
  })
  const job = await startRun(topics)
  const first = await tickWhere(topics.output, () => true)
  await produce(topics.input, messages.slice(0, RECORDS / 2))
  await tickWithRecords(topics.output, RECORDS / 2)
  await produce(topics.input, messages.slice(RECORDS / 2))
  await tickWithRecords(topics.output, RECORDS)
  await tickWhere(topics.output, ({ tick }) => tick >= first.tick + 4)
  await stopRun(job)
  return topics
}

describe('verify of what run has published', () => {
  let topics: RunTopics
  beforeAll(async () => {
    topics = await publish('verified')
  })

  it('finds every tick and every dead letter right', async () => {
    const ticks = await ticksOf(topics.output)
    const { code, stderr, ...summary } = await verify(topics)
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(summary).toMatchObject({
      ticks: ticks.length,
      verified: ticks.length,
      wrong: 0,
      incomplete: 0,
      partitionCrossings: 0,
      records: RECORDS,
      from: ticks[0]!.tick,
      to: ticks.at(-1)!.tick,
    })
    expect(summary.deadLetters).toBe((await readAll(topics.deadLetters)).length)
    expect(stderr).toContain('no difference found')
  })

  it('finds the books right where ids span partitions, and rejections depend on arrival', async () => {
    const { code, partitionCrossings, wrong, records } = await verify(
      await publish('spanning', { shareIds: true }),
    )
    expect({ code, wrong, records }).toEqual({ code: 0, wrong: 0, records: RECORDS })
    expect(partitionCrossings).toBeGreaterThan(0)
  })

  it('takes a range, and says where there is no tick in it', async () => {
    const ticks = (await ticksOf(topics.output)).map(({ tick }) => tick)
    const [, second, third] = ticks
    const range = await verify(topics, '--from', `${second}`, '--to', `${third}`)
    expect(range).toMatchObject({ code: 0, ticks: 2, from: second, to: third })
    const none = await verify(topics, '--from', `${ticks.at(-1)! + 1}`)
    expect(none).toMatchObject({ code: 0, ticks: 0, from: null })
    expect(none.stderr).toContain('no tick in the range')
    const other = await verify(topics, '--job', 'other')
    expect(other).toMatchObject({ code: 0, ticks: 0, otherKeys: ticks.length })
  })

  it('ends with 4 where it was told other levels than run', async () => {
    const { code, stderr, wrong } = await verify(topics, '--levels', '1')
    expect({ code, wrong }).toEqual({ code: 4, wrong: 1 })
    expect(stderr).toMatch(/^depthline: tick \d+ \(.*\) at offset \d+ is wrong: the value differs/m)
  })
})

describe('verify of a topic that somebody else wrote to', () => {
  it('names a forged tick with its place and both sides, and ends with 4', async () => {
    const topics = await publish('forged')
    const ticks = await ticksOf(topics.output)
    const { tick, record, value } = ticks.at(-1)!
    const forged = value.replace(
      /"amount":(\d)/,
      (_, digit) => `"amount":${(Number(digit) + 1) % 10}`,
    )
    await produce(topics.output, [
      {
        key: topics.output,
        value: forged,
        timestamp: String((tick + 1) * 1000),
        headers: { ...record.headers, tick: String(tick + 1), missed: '0', rejected: '0' },
      },
    ])
    const { code, stderr, ...summary } = await verify(topics)
    expect({ code, ...summary }).toMatchObject({ code: 4, verified: ticks.length, wrong: 1 })
    expect(stderr).toContain(`depthline: tick ${tick + 1}`)
    expect(stderr).toContain(`at offset ${record.offset + 2} is wrong`)
    expect(stderr).toMatch(/differs from byte \d+ on/)
    expect(stderr).toMatch(/published, .*\n.*recomputed, /)
    expect(await verify(topics, '--to', `${tick}`)).toMatchObject({ code: 0, wrong: 0 })
  })

  it('ends with 4 where the input no longer starts at 0', async () => {
    const topics = await publish('cut')
    const partitions = [{ partition: 0, offset: '10' }]
    await withAdmin(async (admin) => {
      // KafkaJS only finds the leader of a topic that was asked about before.
      await admin.fetchTopicOffsets(topics.input)
      await admin.deleteTopicRecords({ topic: topics.input, partitions })
    })
    const { code, stderr } = await verify(topics)
    expect(code).toBe(4)
    expect(stderr).toContain(`${topics.input}[0] starts at offset 10`)
    expect(stderr).toContain('it needs the whole input, or --snapshot')
  })
})

describe('verify --follow', () => {
  it('goes on beside the job, also while it is started again, until it is stopped', async () => {
    const topics = runTopics('followed')
    const first = await startRun(topics)
    const following = startCli(flagsOf(topics, '--follow'))
    for (let id = 1; id <= 3; id++) {
      await produce(topics.input, [{ value: Buffer.from(openRecord({ id })) }, { value: 'broken' }])
      await tickWithRecords(topics.output, 2 * id)
    }
    await stopRun(first)
    const second = await startRun(topics)
    await produce(topics.input, [{ value: 'also broken' }])
    const { tick } = await tickWithRecords(topics.output, 7)
    await tickWhere(topics.output, (later) => later.tick > tick + 1)
    const { code, stdout, stderr } = await following.stop('SIGINT')
    await stopRun(second)

    expect({ code, stderr }).toMatchObject({ code: 0 })
    const summary = JSON.parse(stdout)
    expect(summary).toMatchObject({ wrong: 0, records: 7, rejected: 4, deadLetters: 4 })
    expect(summary.to).toBeGreaterThanOrEqual(tick)
    expect(recordsBelow((await ticksOf(topics.output)).at(-1)!)).toBe(7)
  })

  it('ends with 4 as soon as something is wrong', async () => {
    const topics = runTopics('followed-forged')
    const job = await startRun(topics)
    const following = startCli(flagsOf(topics, '--follow'))
    await tickWhere(topics.output, ({ record }) => record.offset >= 2)
    await produce(topics.deadLetters, [
      {
        value: 'broken',
        headers: { reason: 'invalid_json', topic: topics.input, partition: '0', offset: '0' },
      },
    ])
    await produce(topics.input, [{ value: Buffer.from(openRecord({ id: 1 })), partition: 0 }])
    const { code, stderr } = await following.result
    await stopRun(job)
    expect(stderr).toContain('offset 0 is there, and the record was not rejected')
    expect(code).toBe(4)
  })

  it('ends with 5 at its time limit', async () => {
    const topics = runTopics('followed-timeout')
    const job = await startRun(topics)
    const { code, stderr } = await runCli(flagsOf(topics, '--follow', '--timeout', '2'))
    await stopRun(job)
    expect(stderr).toMatch(/\d+ ticks were compared in 2 s/)
    expect(code).toBe(5)
  })
})
