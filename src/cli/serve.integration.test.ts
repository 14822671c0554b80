/** `depthline serve` as people run it: beside `run` and `analyse`, before them, and without one of them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, inject, it } from 'vitest'
import { watchViewers } from '../../bench/viewers.js'
import { startBroker } from '../testing/broker.js'
import { killLeftovers, runCli, startCli } from '../testing/cli.js'
import { startSimulatedExchanges } from '../testing/exchanges/simulated-exchanges.js'
import { openRecord } from '../testing/order-events.js'
import { REGISTRY_LIMIT_MS, startRegistry } from '../testing/registry.js'
import { runTopics, startRun, stopRun, ticksOf } from '../testing/run-job.js'
import { bidRow, tickMessage } from '../testing/ticks.js'
import { makeTopic, produce, uniqueName, withAdmin } from '../testing/topics.js'
import { StreamReader } from '../testing/web.js'

const LIMIT_MS = 60_000
const folder = mkdtempSync(join(tmpdir(), 'depthline-serve-'))

afterEach(killLeftovers)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Starts it on a free port, and gives what asks it. */
async function startServe(flags: readonly string[], env: Record<string, string> = {}) {
  const cli = startCli(['serve', '--http', '127.0.0.1:0', ...flags], { env })
  await cli.logged('"msg":"serving"')
  const url = /"url":"(http[^"]+)\/"/.exec(cli.stderr)![1]!
  const get = async (path: string) => {
    const response = await fetch(`${url}${path}`)
    const text = await response.text()
    // biome-ignore lint/suspicious/noExplicitAny: the tests look into answers of every shape.
    const json: any = text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : undefined
    return { status: response.status, text, json }
  }
  return { cli, url, get }
}

const rounds = (name: string) => ['--analytics', `${name}.analytics`, '--depth', `${name}.depth`]

describe('serve beside run', () => {
  it('waits for its topics, then gives each tick to the digit', { timeout: LIMIT_MS }, async () => {
    const topics = runTopics('serve')
    const none = rounds(uniqueName('none'))
    const serve = await startServe(['--topic', topics.output, '--input', topics.input, ...none])
    expect(await serve.get('/readyz')).toMatchObject({ status: 503 })
    expect((await serve.get('/api/v1/status')).json.missing[0]).toBe(
      `there is no topic ${topics.output} yet: depthline run makes it`,
    )
    const job = await startRun(topics)
    const values = Array.from({ length: 40 }, (_, n) =>
      openRecord({ id: n, price: `${100 + n}.25` }),
    )
    await produce(
      topics.input,
      values.map((value) => ({ value: Buffer.from(value) })),
    )
    await expect
      .poll(async () => (await serve.get('/readyz')).status, { timeout: 20_000 })
      .toBe(200)
    const reader = await StreamReader.open(`${serve.url}/api/v1/stream`)
    const events = await reader.take(4)
    const status = (await serve.get('/api/v1/status')).json
    expect(status).toMatchObject({ lag: 0, incomplete: false, skipped: { ticks: 0 } })
    expect(status.tick_lateness_ms.p50).toBeLessThan(1_000)
    await stopRun(job)
    const published = new Map((await ticksOf(topics.output)).map((tick) => [tick.tick, tick.value]))
    for (const { id, data } of events) {
      expect(messageOf(data.books)).toBe(published.get(Number(id)))
    }
    // What it read with is its own, and the job's group still has no member.
    const groups = await withAdmin((admin) => admin.describeGroups([topics.output]))
    expect(groups.groups[0]!.members).toEqual([])
    reader.close()
    expect(await serve.cli.stop()).toMatchObject({ code: 0, stdout: '' })
  })

  it('shows what verify --follow finds beside it', { timeout: LIMIT_MS }, async () => {
    const topics = runTopics('serve')
    const env = { DEPTHLINE_DATA: join(folder, 'verified') }
    await startRun(topics, [], { env })
    await ticksThere(topics.output)
    const { get } = await startServe(['--topic', topics.output, ...rounds('none')], env)
    expect((await get('/api/v1/status')).json.verified).toBeNull()
    const { input, output, deadLetters } = topics
    const names = ['--input', input, '--output', output, '--dead-letters', deadLetters]
    startCli(['verify', '--follow', ...names], { env })
    const found = async () => (await get('/api/v1/status')).json.verified
    await expect.poll(async () => (await found())?.ticks, { timeout: 20_000 }).toBeGreaterThan(2)
    expect(await found()).toMatchObject({ wrong: 0, to: expect.any(Number) })
  })

  it('passes over broken messages, counts them, and shows the last', {
    timeout: LIMIT_MS,
  }, async () => {
    const topic = await makeTopic(uniqueName('serve'))
    const second = Math.floor(Date.now() / 1000) - 100
    await produce(topic, [
      tickMessage(second, [bidRow(1)]),
      { value: '{"no":"tick"}' },
      { value: null },
      { value: Buffer.from([0, 0, 0, 0, 9, 1, 2]) },
      tickMessage(second + 1, [bidRow(2)]),
      tickMessage(second, [bidRow(3)]),
    ])
    const { get } = await startServe(['--topic', topic, ...rounds(uniqueName('none'))])
    await expect.poll(async () => (await get('/api/v1/status')).json.skipped.ticks).toBe(4)
    expect((await get('/api/v1/status')).json).toMatchObject({
      ...{ tick: second + 1, skipped: { last: `tick ${second} comes after tick ${second + 1}` } },
    })
    const history = await get(`/api/v1/books/BTC-USDT/history?from=${second - 50}`)
    expect(history.json.ticks.map(({ tick }: { tick: number }) => tick - second)).toEqual([0, 1])
    const readiness = await get('/readyz')
    expect(readiness).toMatchObject({ status: 503, json: { ready: false } })
    expect(readiness.json.problems[0]).toMatch(/the last tick is \d+ s old/)
  })

  it('begins again where the topic is made anew', { timeout: LIMIT_MS }, async () => {
    const topic = await makeTopic(uniqueName('serve'))
    const second = Math.floor(Date.now() / 1000) - 100
    await produce(
      topic,
      [1, 2, 3, 4, 5].map((n) => tickMessage(second + n)),
    )
    const { cli, get, url } = await startServe(['--topic', topic, ...rounds('none')])
    const newest = async () => (await get('/api/v1/symbols')).json.tick - second
    await expect.poll(newest).toBe(5)
    await withAdmin((admin) => admin.deleteTopics({ topics: [topic] }))
    const missing = async () => (await get('/api/v1/status')).json.missing.join()
    await expect.poll(missing, { timeout: 30_000 }).toContain(topic)
    await makeTopic(topic)
    await produce(topic, [tickMessage(second + 6)])
    await expect.poll(newest, { timeout: 20_000 }).toBe(6)
    // A reader that is still there keeps nothing from ending.
    const reader = await StreamReader.open(`${url}/api/v1/stream`)
    expect(await cli.stop()).toMatchObject({ code: 0 })
    await expect.poll(() => reader.isOver).toBe(true)
  })

  it('reads Avro ticks of a registry', { timeout: REGISTRY_LIMIT_MS }, async () => {
    const registry = await startRegistry()
    try {
      const env = { SCHEMA_REGISTRY_URL: registry.url }
      const topics = runTopics('serve-avro')
      const job = await startRun(topics, ['--format', 'avro'], { env })
      await produce(topics.input, [
        { value: Buffer.from(openRecord({ id: 1, price: '0.000000000000000001' })) },
      ])
      const { get } = await startServe(['--topic', topics.output, ...rounds('none')], env)
      const best = async () => (await get('/api/v1/symbols')).json.symbols[0]?.best_bid
      await expect.poll(best, { timeout: 20_000 }).toBe('0.000000000000000001')
      await stopRun(job)
    } finally {
      await registry.stop()
    }
  })

  it.runIf(process.env.KAFKA_BROKERS === undefined)(
    'goes on where the broker was killed and is back',
    { timeout: LIMIT_MS },
    async () => {
      const broker = await startBroker()
      try {
        const topics = runTopics('serve')
        const env = { KAFKA_BROKERS: broker.brokers }
        await startRun(topics, [], { env })
        const { get, url } = await startServe(['--topic', topics.output], env)
        await expect.poll(async () => (await get('/readyz')).status, { timeout: 20_000 }).toBe(200)
        const reader = await StreamReader.open(`${url}/api/v1/stream`)
        await broker.kill()
        await expect.poll(async () => (await get('/readyz')).status, { timeout: 20_000 }).toBe(503)
        const { tick } = (await get('/api/v1/symbols')).json
        await broker.restart()
        await expect.poll(async () => (await get('/readyz')).status, { timeout: 30_000 }).toBe(200)
        expect((await get('/api/v1/symbols')).json.tick).toBeGreaterThan(tick)
        expect(reader.isOver).toBe(false)
        reader.close()
      } finally {
        await killLeftovers()
        await broker.stop()
      }
    },
  )

  it('delays no tick of run with readers, and drops those that take nothing', {
    timeout: 90_000,
  }, async () => {
    const figures = await watchViewers({
      brokers: inject('brokers'),
      ...{ readers: 200, idle: 2, seconds: 8, warmUpSeconds: 6 },
    })
    const { ticks, readersWithEveryTick, dropped, lateMs, memoryMb } = figures
    expect(ticks).toBeGreaterThanOrEqual(7)
    expect({ readersWithEveryTick, dropped }).toEqual({ readersWithEveryTick: 200, dropped: 2 })
    // So few ticks on a machine that others use say little; bench/stream-readers.ts measures.
    expect(lateMs.with.p50).toBeLessThan(lateMs.without.p50 * 3 + 50)
    expect(memoryMb.most - memoryMb.first).toBeLessThan(40)
  })
})

describe('serve beside analyse', () => {
  it('gives rounds, the best exchange and the lake, without run', {
    timeout: LIMIT_MS,
  }, async () => {
    const exchanges = await startSimulatedExchanges({ levels: 500 })
    try {
      const name = uniqueName('serve')
      const env = { ...exchanges.environment(), DEPTHLINE_DATA: join(folder, name) }
      const pollTopic = ['--output', `${name}.books`]
      expect((await runCli(['poll', '--once', ...pollTopic], { env })).code).toBe(0)
      const letters = ['--dead-letters', `${name}.dead`]
      const analyse = ['analyse', '--once', '--input', `${name}.books`, ...rounds(name), ...letters]
      expect((await runCli(analyse, { env })).code).toBe(0)
      const { get } = await startServe(
        ['--topic', `${name}.none`, ...rounds(name), '--simulated'],
        env,
      )
      await expect.poll(async () => (await get('/api/v1/rounds')).json.length).toBe(2)
      const [round] = (await get('/api/v1/rounds')).json
      expect(round).toMatchObject({
        market: 'BTC-USD',
        exchanges: [{ usable: true }, { usable: true }],
      })
      const [best] = (await get('/api/v1/best?side=buy&market=BTC-USD')).json
      expect(best).toMatchObject({ exchange: round.buy_exchange, price: round.buy_price })
      expect(best.advantage_bps).toBe(round.buy_advantage_bps)
      const mid = (await get('/api/v1/mid?market=BTC-USD')).json
      expect(mid[0].average_mid_price).toBe(round.average_mid_price)
      const depth = (await get('/api/v1/depth?format=csv')).text.split('\n')
      expect(depth[0]).toMatch(
        /^poll_at,market,exchange,best_bid,best_ask,mid_price,spread,buy_price_50000/,
      )
      expect(depth).toHaveLength(1 + 4 + 1)
      expect((await get('/api/v1/status')).json.simulated).toBe(true)
      expect(await get('/readyz')).toMatchObject({ status: 200 })
    } finally {
      await exchanges.stop()
    }
  })
})

describe('serve ends', () => {
  it('with 2 where it cannot listen, a flag is wrong or a topic has several partitions', async () => {
    const first = await startServe(rounds('none'))
    const taken = await runCli(['serve', '--http', first.url.slice('http://'.length)])
    expect(taken).toMatchObject({ code: 2, stdout: '' })
    expect(taken.stderr).toContain('cannot listen on 127.0.0.1')
    expect((await runCli(['serve', '--http', 'here'])).code).toBe(2)
    const topic = await makeTopic(uniqueName('serve'), { partitions: 2 })
    const parted = await runCli(['serve', '--http', '127.0.0.1:0', '--topic', topic])
    expect({ code: parted.code, says: parted.stderr.includes('2 partitions') }).toEqual({
      ...{ code: 2, says: true },
    })
  })

  it('with 3 where Kafka cannot be reached at the start', async () => {
    const { code } = await runCli(['serve'], { env: { KAFKA_BROKERS: '127.0.0.1:1' } })
    expect(code).toBe(3)
  })
})

async function ticksThere(topic: string): Promise<void> {
  await expect
    .poll(async () => (await ticksOf(topic)).length, { timeout: 20_000 })
    .toBeGreaterThan(0)
}

type Levels = readonly (readonly string[])[]

/** The tick message that the books of an event come from. */
function messageOf(books: Record<string, { bids: Levels; asks: Levels }>): string {
  const rows = Object.entries(books).flatMap(([symbol, { bids, asks }]) =>
    Array.from({ length: Math.max(bids.length, asks.length) }, (_, at) => [
      ...rowOf(symbol, `buy_${at + 1}`, bids[at]),
      ...rowOf(symbol, `sell_${at + 1}`, asks[at]),
    ]).flat(),
  )
  return `[${rows.join(',')}]`
}

function rowOf(symbol: string, side: string, level: readonly string[] | undefined): string[] {
  if (level === undefined) return []
  const [price, amount, total, sum] = level
  return [
    `{"symbol":"${symbol}","side":"${side}","price":${price},"amount":${amount},"total":${total},"cum_sum":${sum}}`,
  ]
}
