/** `depthline emulate` against a real topic: how many, how fast, where to, and under which ids. */
import { setTimeout } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { killLeftovers, runCli, startCli } from '../testing/cli.js'
import { openText } from '../testing/read-record.js'
import { runTopics, startRun, stopRun, tickWithRecords } from '../testing/run-job.js'
import { readAll, type StoredRecord, uniqueName } from '../testing/topics.js'

afterEach(killLeftovers)

const AT_ONCE = ['--interval', '0', '--batch', '100']

/** Runs the emulator to its end; returns all that the topic holds then. */
async function emulated(topic: string, flags: readonly string[], stdin = '') {
  const { code, stderr } = await runCli(['emulate', '--topic', topic, ...flags], { stdin })
  expect({ code, stderr }).toMatchObject({ code: 0 })
  return readAll(topic)
}

function idOf({ value }: StoredRecord): string {
  return String(JSON.parse(String(value)).order_id)
}

/** Counts the partitions that each id's records lie in. */
function partitionsById(records: readonly StoredRecord[]): Map<string, Set<number>> {
  const partitions = new Map<string, Set<number>>()
  for (const record of records) {
    const id = idOf(record)
    partitions.set(id, (partitions.get(id) ?? new Set()).add(record.partition))
  }
  return partitions
}

describe('emulate', () => {
  it('sends exactly so many events, keyed by order id, each id into one of four partitions', async () => {
    const records = await emulated(uniqueName('count'), [...AT_ONCE, '--count', '1234'])

    expect(records).toHaveLength(1_234)
    expect(records.every((record) => String(record.key) === idOf(record))).toBe(true)
    expect(new Set(records.map(({ partition }) => partition)).size).toBe(4)
    const spread = [...partitionsById(records).values()].filter(({ size }) => size > 1)
    expect(spread).toEqual([])
  })

  it('sends 10 events every 100 ms unless told otherwise', async () => {
    const topic = uniqueName('rate')
    const job = startCli(['emulate', '--topic', topic])
    await job.logged('"msg":"emulating"')
    await setTimeout(2_000)
    expect(await job.stop('SIGINT')).toMatchObject({ code: 0 })

    const { length } = await readAll(topic)
    expect(length % 10).toBe(0)
    expect(length).toBeGreaterThanOrEqual(100)
    expect(length).toBeLessThanOrEqual(300)
  })

  it('sends the same events for the same seed, and without keys where none are wanted', async () => {
    const flags = [...AT_ONCE, '--count', '300', '--seed', '7', '--no-key']
    const [first, second] = [
      await emulated(uniqueName('seed'), flags),
      await emulated(uniqueName('seed'), flags),
    ]
    expect(first.every(({ key }) => key === null)).toBe(true)
    expect(new Set(first.map(({ partition }) => partition)).size).toBe(4)
    expect(withoutTimes(first)).toEqual(withoutTimes(second))
  })

  it('sends the lines of standard input as they are, in their order', async () => {
    const lines = [openText({ order_id: '7' }), 'broken', openText({ order_id: '"7"', size: '2' })]
    const stdin = `${lines.join('\n')}\n\n`
    const records = await emulated(uniqueName('file'), [...AT_ONCE, '--file', '-'], stdin)

    expect(records.map(({ value }) => String(value)).sort()).toEqual([...lines].sort())
    const ofSeven = records.filter(({ key }) => String(key) === '7')
    expect(ofSeven.map(({ value }) => String(value))).toEqual([lines[0], lines[2]])
    expect(records.find(({ key }) => key === null)?.value?.toString()).toBe('broken')
  })

  it('goes on with ids that no earlier run has used', async () => {
    const topic = uniqueName('ids')
    const first = new Set((await emulated(topic, [...AT_ONCE, '--count', '500'])).map(idOf))
    const all = await emulated(topic, [...AT_ONCE, '--count', '500'])

    expect(all).toHaveLength(1_000)
    const opened = openIds(all)
    expect(new Set(opened).size).toBe(opened.length)
    expect(new Set(all.map(idOf)).size).toBeGreaterThan(first.size)
  })

  it('with --faults gives run something to reject, and the counts add up', async () => {
    const topics = runTopics('faults')
    const records = await emulated(topics.input, [...AT_ONCE, '--count', '2000', '--faults', '0.3'])
    const job = await startRun(topics)
    await tickWithRecords(topics.output, records.length)
    const summary = await stopRun(job)

    expect(summary.records).toBe(2_000)
    expect(summary.rejected).toBeGreaterThan(0)
    expect(summary.ignored).toBeGreaterThan(0)
    expect(summary.applied + summary.ignored + summary.rejected + summary.tombstones).toBe(2_000)
    expect(await readAll(topics.deadLetters)).toHaveLength(summary.rejected)
  })
})

/** The ids of all OPEN events. */
function openIds(records: readonly StoredRecord[]): string[] {
  return records.filter(({ value }) => String(value).includes('"OPEN"')).map(idOf)
}

/** The events without what depends on when they were made. */
function withoutTimes(records: readonly StoredRecord[]): string[] {
  return records.map(({ value }) => String(value).replace(/"created_at":\d+/, '')).sort()
}
