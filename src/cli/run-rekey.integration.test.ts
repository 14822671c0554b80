/** `run --rekey` on a real broker: unkeyed input, written again by id, each record once over kills. */
import { afterEach, describe, expect, it } from 'vitest'
import { killLeftovers, runCli } from '../testing/cli.js'
import { closedRecord, openRecord } from '../testing/order-events.js'
import { runTopics, startRun, stopRun, ticksOf, tickWhere } from '../testing/run-job.js'
import { makeTopic, produce, readAll, type StoredRecord } from '../testing/topics.js'

const PARTITIONS = 3
const ORDERS = 6_000
const JUNK_EVERY = 500
/** A producer whose clock is years ahead; the broker takes it where the topic says so. */
const FAR_FUTURE = 3_000_000_000_000
const ANY_TIME = { 'message.timestamp.after.max.ms': '9223372036854775807' }

afterEach(killLeftovers)

/** An open, then an amendment in the same partition or a close in another; no keys, ids as number or text. */
function unkeyed() {
  return Array.from({ length: ORDERS }, (_, id) => {
    const symbol = `S${id % 5}`
    const partition = id % PARTITIONS
    const price = String(100 + (id % 37))
    const records = [{ partition, value: openRecord({ id, symbol, price }) }]
    if (id % 4 === 0) {
      records.push({ partition, value: openRecord({ id: String(id), symbol, price, size: '2' }) })
    }
    if (id % 4 === 1) {
      records.push({ partition: (id + 1) % PARTITIONS, value: closedRecord(String(id)) })
    }
    if (id % JUNK_EVERY === 0) records.push({ partition, value: new TextEncoder().encode('junk') })
    return records.map((record, index) => ({
      ...{ key: null, timestamp: String(id === 8 ? FAR_FUTURE : 1_700_000_000_000 + id) },
      ...{ partition: record.partition, value: Buffer.from(record.value) },
      headers: id === 7 ? odd(index) : { trace: Buffer.from([0xff, index]) },
    }))
  }).flat()
}

/** Headers named as what every object of JavaScript has. */
function odd(index: number): Record<string, Buffer> {
  const names = ['trace', 'constructor', '__proto__', 'toString']
  return Object.fromEntries(names.map((name) => [name, Buffer.from([0xff, index])]))
}

const idOf = ({ value }: StoredRecord) => /"order_id":"?(\d+)/.exec(String(value))?.[1]

describe('run --rekey', () => {
  it('writes every record once under its id over two kills, and the books are those of replay', async () => {
    const topics = runTopics('rekey')
    const { input, output, deadLetters } = topics
    await makeTopic(input, { partitions: PARTITIONS, config: ANY_TIME })
    const messages = unkeyed()
    const third = Math.ceil(messages.length / 3)

    const first = await startRun(topics, ['--rekey'])
    await produce(input, messages.slice(0, third))
    await first.stop('SIGKILL')
    const second = await startRun(topics, ['--rekey'])
    const standby = await startRun(topics, ['--rekey', '--standby'])
    await standby.logged('standing by')
    await produce(input, messages.slice(third, 2 * third))
    await second.stop('SIGKILL')
    await produce(input, messages.slice(2 * third))

    const events = messages.map(({ value }) => value.toString()).join('\n')
    const replayed = await runCli(['replay', '-'], { stdin: events })
    const expected = replayed.stdout.trimEnd().split('\n').at(-1)!
    await tickWhere(output, ({ value }) => value === expected)
    await stopRun(standby)

    const [before, after] = [await readAll(input), await readAll(`${input}.by-id`)]
    const byPlace = new Map(after.map((record) => [record.headers.rekeyed_from, record]))
    expect(after).toHaveLength(messages.length)
    expect(byPlace.size).toBe(messages.length)
    for (const { partition, offset, value, timestampMs, headers } of before) {
      const found = byPlace.get(`${input}[${partition}]@${offset}`)!
      expect(found.value!.equals(value!) && found.timestampMs === timestampMs).toBe(true)
      expect(found.headers.trace).toBe(headers.trace)
      expect(found.key === null ? undefined : String(found.key)).toBe(idOf(found))
    }
    assertOrder(after)
    assertPartitions(after)
    const letters = await readAll(deadLetters)
    expect(letters).toHaveLength(ORDERS / JUNK_EVERY)
    expect(letters[0]!.headers).toMatchObject({ reason: 'invalid_json', topic: `${input}.by-id` })
    const flags = ['--input', `${input}.by-id`, '--output', output, '--dead-letters', deadLetters]
    const verified = await runCli(['verify', ...flags])
    expect({ ...JSON.parse(verified.stdout), code: verified.code }).toMatchObject({
      ...{ code: 0, ticks: (await ticksOf(output)).length, partitionCrossings: 0 },
    })
  })
})

/** Of one id and source partition the records lie as they lay. */
function assertOrder(records: readonly StoredRecord[]): void {
  const last = new Map<string, number>()
  for (const record of records) {
    const [, partition, offset] = /\[(\d+)\]@(\d+)$/.exec(record.headers.rekeyed_from!)!
    const stream = `${partition} ${idOf(record) ?? 'junk'}`
    expect(Number(offset)).toBeGreaterThan(last.get(stream) ?? -1)
    last.set(stream, Number(offset))
  }
}

function assertPartitions(records: readonly StoredRecord[]): void {
  const partitions = new Map<string, Set<number>>()
  for (const record of records) {
    const id = idOf(record)
    if (id === undefined) continue
    partitions.set(id, (partitions.get(id) ?? new Set()).add(record.partition))
  }
  expect(Math.max(...[...partitions.values()].map((found) => found.size))).toBe(1)
}
