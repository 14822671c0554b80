/** Where `run` cannot go on: it ends, says why and what to do, and never publishes a wrong book. */

import { setTimeout } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { killLeftovers, runCli } from '../testing/cli.js'
import { progressOf } from '../testing/memory-job.js'
import { closedRecord, openRecord } from '../testing/order-events.js'
import {
  type RunTopics,
  recordsBelow,
  runTopics,
  startRun,
  stopRun,
  ticksOf,
  tickWithRecords,
} from '../testing/run-job.js'
import { makeTopic, produce, readAll, withAdmin } from '../testing/topics.js'
import { writeProgress } from '../wire/progress.js'

afterEach(killLeftovers)

describe('run', () => {
  it('ends with 4 where a tick is above what the topic takes, naming symbols × levels', async () => {
    const topics = runTopics('tick-too-large')
    await makeTopic(topics.output, { config: { 'max.message.bytes': '2000' } })
    await sendOrders(topics, 60)
    const { code, stderr } = await runToItsEnd(topics, ['--levels', '50'])

    expect(stderr).toMatch(/a tick of \d+ bytes is above max\.message\.bytes of /)
    expect(stderr).toContain(`${topics.output}: 1 symbols × 50 levels a side`)
    expect(code).toBe(4)
  })

  it('ends with 4 where the input no longer starts at 0', async () => {
    const topics = runTopics('log-lost')
    await sendOrders(topics, 5)
    const partitions = [{ partition: 0, offset: '3' }]
    await withAdmin(async (admin) => {
      // KafkaJS deletes only where it has asked about the topic before.
      await admin.fetchTopicOffsets(topics.input)
      await admin.deleteTopicRecords({ topic: topics.input, partitions })
    })
    const { code, stderr } = await runToItsEnd(topics)

    expect(stderr).toContain(`${topics.input}[0] starts at offset 3`)
    expect(code).toBe(4)
    expect(await readAll(topics.output)).toEqual([])

    const job = await startRun(topics, ['--accept-incomplete'])
    const tick = await tickWithRecords(topics.output, 5)
    expect((await stopRun(job)).openOrders).toBe(2)
    expect(tick.record.headers.incomplete).toBe('true')
  })

  it('ends with 4 where the input is made anew while the process is frozen', async () => {
    const topics = runTopics('frozen')
    await sendOrders(topics, 200)
    const job = await startRun(topics)
    await tickWithRecords(topics.output, 200)
    job.child.kill('SIGSTOP')
    await withAdmin((admin) => admin.deleteTopics({ topics: [topics.input] }))
    await setTimeout(3_000)
    await sendOrders(topics, 400)
    await setTimeout(2_000)
    job.child.kill('SIGCONT')
    const { code, stderr } = await job.result

    expect(stderr).toMatch(/holds another record at offset 199|is gone|was to be read next/)
    expect(code).toBe(4)
    expect((await ticksOf(topics.output)).every((tick) => recordsBelow(tick) <= 200)).toBe(true)
  })

  it('ends with 2 where the output topic has several partitions', async () => {
    const topics = runTopics('two-partitions')
    await makeTopic(topics.output, { partitions: 2 })
    const { code, stderr } = await runToItsEnd(topics)

    expect(stderr).toContain(`topic ${topics.output} has 2 partitions and must have 1`)
    expect(code).toBe(2)
  })

  it('ends with 4 where its last progress record is none', async () => {
    const topics = runTopics('foreign')
    const progress = await makeTopic(`${topics.output}.progress`)
    await produce(progress, [{ key: topics.output, value: 'something else' }])
    const { code, stderr } = await runToItsEnd(topics)

    expect(stderr).toContain(`${progress}[0] at offset 0`)
    expect(code).toBe(4)
  })

  it('ends with 4 where the input is not the log that it has read', async () => {
    const topics = runTopics('other-log')
    await makeTopic(topics.input, { partitions: 4 })
    const progress = await makeTopic(`${topics.output}.progress`)
    const value = writeProgress(progressOf({ tick: 7, offsets: [5, 0, 0, 0] }))
    await produce(progress, [{ key: topics.output, value }])
    const { code, stderr } = await runToItsEnd(topics)

    expect(stderr).toContain(`${topics.input}[0] ends at offset 0, and the job has read up to 5`)
    expect(code).toBe(4)
  })

  it('ends with 4 above the caps on open orders and waiting closes', async () => {
    const orders = runTopics('cap')
    await sendOrders(orders, 11)
    const open = await runToItsEnd(orders, ['--max-open-orders', '10'])
    expect(open.stderr).toContain('10')
    expect(open.code).toBe(4)

    const closes = runTopics('cap')
    await makeTopic(closes.input)
    const values = Array.from({ length: 11 }, (_, id) => ({ value: Buffer.from(closedRecord(id)) }))
    await produce(closes.input, values)
    const waiting = await runToItsEnd(closes, ['--max-waiting-closes', '10'])
    expect(waiting.stderr).toContain('10')
    expect(waiting.code).toBe(4)
  })
})

async function sendOrders({ input }: RunTopics, count: number): Promise<void> {
  await makeTopic(input)
  const values = Array.from({ length: count }, (_, id) => ({
    value: Buffer.from(openRecord({ id, price: String(id + 1) })),
  }))
  await produce(input, values)
}

function runToItsEnd({ input, output, deadLetters }: RunTopics, flags: readonly string[] = []) {
  const topics = ['--input', input, '--output', output, '--dead-letters', deadLetters]
  return runCli(['run', ...topics, ...flags])
}
