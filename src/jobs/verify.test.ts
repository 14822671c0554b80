/** `verify` over a world in memory: what is right passes, and each kind of fault is found and named. */
import { describe, expect, test } from 'vitest'
import { FakeLog, logRecord } from '../testing/fake-log.js'
import { closedRecord, openRecord } from '../testing/order-events.js'
import {
  FIRST_TICK,
  INPUT,
  INPUT_RECORDS,
  JOB,
  type Published,
  published,
} from '../testing/published-world.js'
import type { LogRecord } from '../wire/records.js'
import { Verification, type VerifyOptions } from './verify.js'

interface World extends Published {
  readonly input: readonly (readonly LogRecord[])[]
}

function verification({ output, deadLetters, input }: World, changes: Partial<VerifyOptions> = {}) {
  const ports = {
    output: new FakeLog('order-book', [output]),
    input: new FakeLog(INPUT, input),
    deadLetters: new FakeLog('orders.dead-letter', [deadLetters]),
  }
  const options = { job: JOB, levels: 15, closedWindow: 250_000, follow: false, ...changes }
  return { ports, options, job: new Verification(ports, options) }
}

function rightWorld(): World {
  return { ...published(), input: INPUT_RECORDS }
}

/** Its summary, and the message of the difference that it found. */
async function verified(world: World, options: Partial<VerifyOptions> = {}) {
  const { job } = verification(world, options)
  const found = await job.run(new AbortController().signal).then(
    () => undefined,
    (error) => error as Error,
  )
  return { ...job.summary(), found: found?.message }
}

/** What is found where the record at `index` of the output is replaced. */
async function withTick(index: number, change: (record: LogRecord) => Partial<LogRecord>) {
  const world = rightWorld()
  const record = world.output[index]!
  world.output[index] = { ...record, ...change(record) }
  const { found, wrong } = await verified(world)
  expect(wrong).toBe(found === undefined ? 0 : 1)
  return found
}

function withHeader(index: number, headers: Record<string, string>) {
  return withTick(index, (record) => ({ headers: { ...record.headers, ...headers } }))
}

function withValue(index: number, change: (value: string) => string) {
  return withTick(index, ({ value }) => {
    return { value: new TextEncoder().encode(change(new TextDecoder().decode(value!))) }
  })
}

describe('a right output', () => {
  test('verifies, with its counts', async () => {
    expect(await verified(rightWorld())).toEqual({
      ...{ ticks: 5, verified: 5, wrong: 0, incomplete: 0, gaveWay: 0, missed: 2 },
      ...{
        records: 11,
        rejected: 3,
        deadLetters: 3,
        partitionCrossings: 0,
        otherKeys: 0,
        otherLetters: 0,
      },
      ...{ from: FIRST_TICK, to: FIRST_TICK + 6, found: undefined },
    })
  })

  test('verifies in any range; the tick before it is what it counts from', async () => {
    const range = { from: FIRST_TICK + 2, to: FIRST_TICK + 5 }
    const { ticks, missed, from, to, found } = await verified(rightWorld(), range)
    const expected = { ticks: 2, missed: 2, from: FIRST_TICK + 4, to: FIRST_TICK + 5 }
    expect({ ticks, missed, from, to, found }).toEqual({ ...expected, found: undefined })
    expect(await verified(rightWorld(), { from: FIRST_TICK + 9 })).toMatchObject({
      ...{ ticks: 0, from: null, found: undefined },
    })
  })

  test('is not blamed for what is wrong outside the range', async () => {
    const world = rightWorld()
    for (const index of [0, 1, 4]) world.output[index] = { ...world.output[index]!, value: null }
    const range = { from: FIRST_TICK + 4, to: FIRST_TICK + 5 }
    expect(await verified(world, range)).toMatchObject({ ticks: 2, found: undefined })
    expect((await verified(world)).found).toContain('the value differs')
  })

  test('may begin anywhere where its first messages are deleted', async () => {
    const world = rightWorld()
    const { ports, options } = verification({ ...world, output: world.output.slice(2) })
    ports.output.starts[0] = 4
    const job = new Verification(ports, options)
    await job.run(new AbortController().signal)
    expect(job.summary()).toMatchObject({ ticks: 3, verified: 3 })
  })

  test('may have a message that gave way, of which all but the books is compared', async () => {
    const world = rightWorld()
    const { headers } = world.output[2]!
    const gaveWay = { value: null, headers: { ...headers, by_symbol: 'order-book.by-symbol' } }
    world.output[2] = { ...world.output[2]!, ...gaveWay }
    const summary = { ticks: 5, verified: 4, gaveWay: 1, wrong: 0, deadLetters: 3 }
    expect(await verified(world)).toMatchObject({ ...summary, found: undefined })
  })

  test('counts what is of other jobs and other inputs', async () => {
    const world = rightWorld()
    world.output[4] = { ...world.output[4]!, key: null }
    world.deadLetters.push({ ...world.deadLetters[0]!, offset: '99', headers: {} })
    const summary = { ticks: 4, verified: 4, otherKeys: 1, otherLetters: 1, found: undefined }
    expect(await verified(world)).toMatchObject(summary)
  })

  test('reads no partition further than it needs, however uneven they are', async () => {
    const long = Array.from({ length: 1_000 }, (_, id) => logRecord(id, openRecord({ id })))
    const input = [long, [logRecord(0, openRecord({ id: 'x' })), logRecord(1, '')]]
    const ticks = [1, 500, 1_000].map((end, index) => {
      return { tick: FIRST_TICK + index, offsets: [end, index === 2 ? 2 : 0] }
    })
    const world = { ...published(input, { ticks }), input }
    const { job, ports } = verification(world, { to: FIRST_TICK + 1 })
    await job.run(new AbortController().signal)
    expect(ports.input.taken[0]).toBe(500)
    expect(ports.input.taken[1]).toBe(0)
    expect(await verified(world)).toMatchObject({ ticks: 3, rejected: 1, found: undefined })
  })
})

describe('a wrong tick is named:', () => {
  test('where it gave way and has a value all the same, or other headers than it must', async () => {
    const by_symbol = 'order-book.by-symbol'
    expect(await withHeader(2, { by_symbol })).toContain('the value is there all the same')
    const found = await withTick(2, ({ headers }) => {
      return { value: null, headers: { ...headers, by_symbol, crossed: '["X"]' } }
    })
    expect(found).toContain('crossed is ["X"]')
  })

  test('one digit', async () => {
    const found = await withValue(1, (value) => value.replace('6.5137', '6.5138'))
    expect(found).toContain(`tick ${FIRST_TICK + 1} (2023-11-14T22:13:21Z) at offset 2 is wrong`)
    expect(found).toContain('the value differs from byte 68 on')
    expect(found).toMatch(
      /published, from byte 38: .*6\.5138.*\n.*recomputed, from byte 38: .*6\.5137/,
    )
  })

  test('a claim to be incomplete where the input is whole, another clock, no version', async () => {
    expect(await withHeader(2, { incomplete: 'true' })).toContain('and the input is whole')
    expect(await withHeader(2, { clock: 'foo' })).toContain('clock is "foo" and can only be held')
    expect(await withHeader(2, { version: '' })).toContain('it has no header version')
  })

  test('a row missing, levels in another order, a space, bytes that are no text, no value', async () => {
    const withoutRow = (value: string) => value.replace(/,\{[^{]*\}\]$/, ']')
    const swapped = (value: string) => value.replace(/\{(.*?)\},\{(.*?)\}/, '{$2},{$1}')
    const end = /differs from byte \d+ on \(it has \d+ characters, the recomputed one \d+; were run/
    expect(await withValue(3, withoutRow)).toMatch(end)
    expect(await withValue(3, swapped)).toMatch(end)
    expect(await withValue(3, (value) => `${value} `)).toMatch(end)
    expect(await withValue(0, (value) => `\uFEFF${value}`)).toContain('differs from byte 0')
    expect(await withTick(3, () => ({ value: new Uint8Array([0x5b, 0xff]) }))).toMatch(end)
    expect(await withTick(3, () => ({ value: null }))).toMatch(end)
  })

  test('offsets off by one, beyond the input, back, or of other partitions', async () => {
    expect(await withHeader(1, { offsets: '{"0":2,"1":1}' })).toMatch(/rejected is 1 and must be 0/)
    expect(await withHeader(2, { offsets: '{"0":3,"1":3}' })).toContain('the value differs')
    expect(await withHeader(4, { offsets: '{"0":7,"1":6}' })).toContain('has not so many records')
    const back = 'offsets go back in partition 1, from 3 to 2'
    expect(await withHeader(3, { offsets: '{"0":6,"1":2}' })).toContain(back)
    for (const offsets of [
      '{"0":6}',
      '{"0":6, "1":5}',
      '[6,5]',
      '{"1":5,"0":6}',
      '{"0":6,"1":-5}',
    ]) {
      expect(await withHeader(3, { offsets })).toContain('does not name the next offset of each')
    }
  })

  test('there twice, or after a later one', async () => {
    const { output, ...rest } = rightWorld()
    const again = { ...output[2]!, offset: '5' }
    const twice = { ...rest, output: output.toSpliced(3, 0, again) }
    expect((await verified(twice)).found).toContain('at offset 5 is wrong: the tick is there twice')
    const late = { ...rest, output: output.toSpliced(3, 0, { ...output[1]!, offset: '5' }) }
    expect((await verified(late)).found).toContain(`it comes after tick ${FIRST_TICK + 4}`)
    const { found } = await verified(late, { from: FIRST_TICK + 4 })
    expect(found).toContain(`it comes after tick ${FIRST_TICK + 4}`)
  })

  test('missed, crossed or rejected', async () => {
    expect(await withHeader(0, { missed: '1' })).toContain('missed is 1 and must be 0')
    expect(await withHeader(2, { missed: '1' })).toContain('missed is 1 and must be 2')
    expect(await withHeader(2, { crossed: '[]' })).toContain(
      'crossed is [] and must be ["ETH-USDT"]',
    )
    expect(await withHeader(3, { rejected: '1' })).toContain('rejected is 1 and must be 2')
    expect(await withHeader(3, { rejected: '' })).toContain('rejected is "" and no whole number')
  })

  test('its timestamp, or a tick that is no number', async () => {
    const moved = await withTick(1, () => ({ timestamp: `${FIRST_TICK * 1000 + 1001}` }))
    expect(moved).toContain("the record's timestamp is")
    expect(await withHeader(1, { tick: '1e9' })).toContain('tick is "1e9" and no whole number')
  })
})

describe('the dead letters', () => {
  const place = (offset: number, partition = 0) =>
    `orders.dead-letter: the dead letter of orders[${partition}] offset ${offset}`

  async function withLetters(change: (letters: LogRecord[]) => LogRecord[]) {
    const { deadLetters, ...rest } = rightWorld()
    return (await verified({ ...rest, deadLetters: change(deadLetters) })).found
  }

  test('missing, twice, or of a record that was not rejected', async () => {
    const offsets = rightWorld().deadLetters.map(({ headers }) => headers.offset)
    expect(offsets).toEqual(['2', '5', '4'])
    expect(await withLetters(([, ...rest]) => rest)).toBe(`${place(2)} is missing (invalid_json)`)
    expect(await withLetters((all) => all.toSpliced(-1))).toContain('is missing (too_large)')
    const isTwice = `${place(2)} is there twice: has another job the same --dead-letters?`
    expect(await withLetters((all) => [...all, all[0]!])).toBe(isTwice)
    expect(await withLetters((all) => [all[0]!, ...all])).toBe(isTwice)
    const invented = (offset: string) => (all: LogRecord[]) => {
      return [...all, { ...all[0]!, headers: { ...all[0]!.headers, offset } }]
    }
    const found = `${place(3)} is there, and the record was not rejected`
    expect(await withLetters(invented('3'))).toBe(found)
    expect(await withLetters((all) => invented('3')(all).reverse())).toBe(found)
    expect(await withLetters(invented('x'))).toContain('names no record of orders')
    // Below the last tick's offsets there is nothing to say about it.
    expect(await withLetters(invented('6'))).toBe(undefined)
  })

  test('altered in key, value or a header', async () => {
    const altered = (index: number, change: (letter: LogRecord) => Partial<LogRecord>) =>
      withLetters((all) => all.with(index, { ...all[index]!, ...change(all[index]!) }))
    const header = (headers: Record<string, string>) => (letter: LogRecord) => {
      return { headers: { ...letter.headers, ...headers } }
    }
    expect(await altered(0, () => ({ key: null }))).toContain(
      `${place(2)} differs in key: it is null`,
    )
    expect(await altered(0, () => ({ value: new Uint8Array(6) }))).toContain('differs in value')
    expect(await altered(1, header({ reason: 'symbol_changed' }))).toContain('differs in reason')
    expect(await altered(1, header({ timestamp: '5' }))).toContain('differs in timestamp')
    expect(await altered(2, header({ length: '70001' }))).toContain('differs in length')
    expect(await altered(2, header({ sha256: 'f' }))).toContain(`${place(4, 1)} differs in sha256`)
    expect(await altered(2, header({ more: '1' }))).toContain('differs in more')
    expect(await altered(2, header({ detail: 'x'.repeat(201) }))).toContain('differs in detail')
    expect(await altered(2, header({ detail: 'other words' }))).toBe(undefined)
    expect(await altered(2, header({ topic: 'other' }))).toContain('is missing')
  })

  test('are not missed where the topic has deleted its first', async () => {
    const { deadLetters, ...rest } = rightWorld()
    const world = verification({ ...rest, deadLetters: deadLetters.slice(1) })
    world.ports.deadLetters.starts[0] = 1
    await world.job.run(new AbortController().signal)
    expect(world.job.summary()).toMatchObject({ verified: 5, deadLetters: 2 })
  })

  test('of ids that span partitions may depend on arrival, and their books may not', async () => {
    const first = [openRecord({ id: 1 }), closedRecord(1), '{}', openRecord({ id: 2 })]
    const input = [
      first.map((value, offset) => logRecord(offset, value)),
      [logRecord(0, openRecord({ id: 1, price: '7' }))],
    ]
    const ticks = [{ tick: FIRST_TICK, offsets: [4, 1] }]
    const [forward, reversed] = [false, true].map((isReversed) => {
      return { ...published(input, { ticks, isReversed }), input }
    })
    expect(forward!.deadLetters).toHaveLength(2)
    expect(reversed!.deadLetters).toHaveLength(1)
    for (const world of [forward!, reversed!]) {
      expect(await verified(world)).toMatchObject({ verified: 1, found: undefined })
      const spoilt = world.deadLetters.filter(({ headers }) => headers.reason !== 'missing_field')
      const { found } = await verified({ ...world, deadLetters: spoilt })
      expect(found).toContain('is missing (missing_field)')
    }
  })
})

describe('verify', () => {
  test('refuses an input that does not start at 0', async () => {
    const { job, ports } = verification(rightWorld())
    ports.input.starts[1] = 7
    await expect(job.run(new AbortController().signal)).rejects.toMatchObject({
      code: 'LOG_LOST',
      message: expect.stringContaining('orders[1] starts at offset 7'),
    })
  })

  test('follows: takes ticks as they come, and ends when it is told to', async () => {
    const { output, ...rest } = rightWorld()
    const world = verification({ ...rest, output: output.slice(0, 2) }, { follow: true })
    const abort = new AbortController()
    const running = world.job.run(abort.signal)
    await until(() => world.job.summary().ticks === 2)
    world.ports.output.append(0, ...output.slice(2))
    await until(() => world.job.summary().ticks === 5)
    await until(() => world.job.summary().deadLetters === 3)
    abort.abort()
    await running
    expect(world.job.summary()).toMatchObject({ verified: 5, wrong: 0 })
  })

  test('follows: misses a dead letter soon after its tick', async () => {
    const { deadLetters, ...rest } = rightWorld()
    const world = verification({ ...rest, deadLetters: deadLetters.slice(1) }, { follow: true })
    await expect(world.job.run(new AbortController().signal)).rejects.toThrow('is missing')
  })
})

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 1))
}
