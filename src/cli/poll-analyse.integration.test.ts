/** `poll` and `analyse` as people run them: simulated exchanges, a real broker, a real registry, kill -9. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest'
import { exchangeKills } from '../../faults/exchange-kills.js'
import { killLeftovers, runCli, startCli } from '../testing/cli.js'
import {
  type SimulatedExchanges,
  startSimulatedExchanges,
} from '../testing/exchanges/simulated-exchanges.js'
import { REGISTRY_LIMIT_MS, startRegistry, type TestRegistry } from '../testing/registry.js'
import { produce, readAll, uniqueName } from '../testing/topics.js'

const LIMIT_MS = 60_000
const folder = mkdtempSync(join(tmpdir(), 'depthline-rounds-'))

let exchanges: SimulatedExchanges
let registry: TestRegistry
beforeAll(async () => {
  // Coinbase's bodies of so many levels are above 1 MB.
  exchanges = await startSimulatedExchanges({ levels: 25_000 })
  registry = await startRegistry()
}, REGISTRY_LIMIT_MS)
afterEach(async () => {
  await killLeftovers()
  await exchanges.clearFaults()
})
afterAll(async () => {
  await exchanges?.stop()
  await registry?.stop()
  rmSync(folder, { recursive: true, force: true })
})

interface Names {
  readonly input: string
  readonly depth: string
  readonly analytics: string
  readonly data: string
}

function names(): Names {
  const name = uniqueName('rounds')
  const topics = { input: `${name}.books`, depth: `${name}.depth`, analytics: `${name}.analytics` }
  return { ...topics, data: join(folder, name) }
}

const env = ({ data }: Names, more: Record<string, string> = {}) => ({
  env: { ...exchanges.environment(), DEPTHLINE_DATA: data, ...more },
})

async function pollOnce(at: Names, flags: string[] = [], more: Record<string, string> = {}) {
  const { code, stdout, stderr } = await runCli(
    ['poll', '--once', '--output', at.input, ...flags],
    env(at, more),
  )
  expect({ code, stderr }).toMatchObject({ code: 0 })
  return JSON.parse(stdout)
}

const analyseFlags = ({ input, depth, analytics }: Names) => {
  const letters = ['--dead-letters', `${input}.dead`]
  return [
    'analyse',
    '--once',
    '--input',
    input,
    '--depth',
    depth,
    '--analytics',
    analytics,
    ...letters,
  ]
}

async function analyseOnce(at: Names, flags: string[] = [], more: Record<string, string> = {}) {
  const { code, stdout, stderr } = await runCli([...analyseFlags(at), ...flags], env(at, more))
  expect({ code, stderr }).toMatchObject({ code: 0 })
  return JSON.parse(stdout)
}

async function exported(topic: string, at: Names, more: Record<string, string> = {}) {
  const flags = ['--topic', topic, '--format', 'ndjson']
  const { code, stdout, stderr } = await runCli(['export', ...flags], env(at, more))
  expect({ code, stderr }).toMatchObject({ code: 0 })
  return stdout
}

describe('poll --once', () => {
  it('writes whole bodies of more than 1 MB with their hash, and no round twice', async () => {
    const at = names()
    expect(await pollOnce(at, ['--every', '3600'])).toMatchObject({ rounds: 1, answers: 4 })
    const records = (await readAll(at.input)).map(({ value }) => JSON.parse(String(value)))
    expect(records.at(-1)).toMatchObject({
      kind: 'round_complete',
      exchanges: ['coinbase', 'kraken'],
      markets: ['BTC-USD', 'ETH-USD'],
    })
    for (const { exchange, body, sha256 } of records.slice(0, 4)) {
      const bytes = Buffer.from(body, 'base64')
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256)
      expect(() => JSON.parse(String(bytes))).not.toThrow()
      if (exchange === 'coinbase') expect(bytes.length).toBeGreaterThan(1024 * 1024)
    }
    expect(await pollOnce(at, ['--every', '3600'])).toMatchObject({ rounds: 0, answers: 0 })
    expect(await readAll(at.input)).toHaveLength(5)
  })

  it('records what failed, and why', async () => {
    const at = names()
    await exchanges.setFault('kraken', { kind: 'redirect_elsewhere' })
    expect(await pollOnce(at)).toMatchObject({ answers: 2, failures: 2 })
    await analyseOnce(at)
    const analytics = (await exported(at.analytics, at)).trim().split('\n')
    for (const record of analytics.map((line) => JSON.parse(line))) {
      expect(record).toMatchObject({
        mid_exchanges: ['coinbase'],
        buy_exchange: 'coinbase',
        exchanges: [{ usable: true }, { exchange: 'kraken', reason: 'redirect_refused' }],
      })
    }
  })

  it('ends with 3 where nobody answered, and has written so', async () => {
    const at = names()
    await exchanges.setFault('kraken', { kind: 'status', status: 404 })
    const flags = ['poll', '--once', '--exchanges', 'kraken', '--output', at.input]
    const { code, stdout, stderr } = await runCli(flags, env(at))
    expect({ code, stderr }).toMatchObject({ code: 3 })
    expect(JSON.parse(stdout)).toMatchObject({ rounds: 1, failures: 2 })
    expect(stderr).toContain('not asked at its own address')
    expect(await readAll(at.input)).toHaveLength(3)
  })

  it.each([
    [['--exchanges', 'mtgox'], 'mtgox'],
    [['--exchanges', 'kraken,kraken'], 'kraken'],
    [['--markets', 'DOGE-USD'], 'DOGE-USD'],
    [['--every', '0'], '--every'],
  ])('refuses %j', async (flags, named) => {
    const { code, stderr } = await runCli(['poll', ...flags], env(names()))
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(named) })
  })
})

describe('analyse', () => {
  it('writes the same to topics and lake, and rebuilds it from the lake', async () => {
    const at = names()
    await pollOnce(at, ['--exchanges', 'coinbase,kraken,bitstamp,gemini'])
    expect(await analyseOnce(at)).toEqual({ rounds: 1, rejected: 0 })
    expect(await analyseOnce(at)).toEqual({ rounds: 0, rejected: 0 })
    const depth = await exported(at.depth, at)
    expect(depth.trim().split('\n')).toHaveLength(8)

    const other = join(folder, 'rebuilt')
    const rebuild = ['analyse', '--from-lake', '--out', join(other, 'lake')]
    expect((await runCli(rebuild, env(at))).stdout).toBe('{"rounds":1}\n')
    const report = (data: string) => runCli(['report', 'best', '-o', 'csv'], env({ ...at, data }))
    const [one, two] = [await report(at.data), await report(other)]
    expect(one.stdout.split('\n').length).toBeGreaterThan(3)
    expect(two.stdout).toBe(one.stdout)
    await runCli([...rebuild, '--fees', 'kraken=40'], env(at))
    expect((await report(other)).stdout).toMatch(/,net_buy_exchange,.*\n.*,kraken,/)
  })

  it('dead-letters what is no record of poll', async () => {
    const at = names()
    await pollOnce(at)
    await produce(at.input, [{ key: 'k', value: 'nonsense' }])
    expect(await analyseOnce(at)).toEqual({ rounds: 1, rejected: 1 })
    const [letter] = await readAll(`${at.input}.dead`)
    expect(letter).toMatchObject({ headers: { reason: 'bad_record', topic: at.input } })
    expect(String(letter!.value)).toBe('nonsense')
  })

  it('refuses wrong notionals and fees, and a lake that is not there', async () => {
    for (const flags of [
      ['--notionals', '0'],
      ['--notionals', '1e5'],
      ['--notionals', '5,5.0'],
      ['--fees', 'kraken'],
      ['--fees', 'mtgox=1'],
      ['--fees', `kraken=0.${'0'.repeat(39)}1`],
      ['--out', 'x'],
      ['--from-lake'],
    ]) {
      const { code } = await runCli(['analyse', ...flags], env(names()))
      expect({ flags, code }).toEqual({ flags, code: 2 })
    }
  })
})

describe('with a schema registry', () => {
  it('topics carry Avro that says the same as JSON does', { timeout: LIMIT_MS }, async () => {
    const avro = names()
    const more = { SCHEMA_REGISTRY_URL: registry.url }
    await pollOnce(avro, [], more)
    expect(await analyseOnce(avro, [], more)).toEqual({ rounds: 1, rejected: 0 })
    for (const topic of [avro.input, avro.depth, avro.analytics]) {
      expect((await readAll(topic)).every(({ value }) => value![0] === 0)).toBe(true)
    }
    const json = { ...names(), input: avro.input }
    await runCli(analyseFlags(json), env(json, more))
    expect(await exported(avro.analytics, avro, more)).toBe(
      await exported(json.analytics, json, more),
    )
    const { body, sha256 } = JSON.parse((await exported(avro.input, avro, more)).split('\n')[0]!)
    const bytes = Buffer.from(body, 'base64')
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256)
  })

  it('analyse without it ends and says what is missing, and loses nothing', async () => {
    const at = names()
    const more = { SCHEMA_REGISTRY_URL: registry.url }
    await pollOnce(at, [], more)
    const { code, stderr } = await runCli(analyseFlags(at), env(at))
    expect(code).toBe(4)
    expect(stderr).toContain('SCHEMA_REGISTRY_URL')
    expect(await analyseOnce(at, [], more)).toEqual({ rounds: 1, rejected: 0 })
  })
})

describe('kill -9', () => {
  it('of poll and analyse costs no record and brings none twice', {
    timeout: 2 * LIMIT_MS,
  }, async () => {
    const brokers = inject('brokers')
    const { findings, rounds } = await exchangeKills({ brokers, kills: 2, seed: 1, levels: 300 })
    expect(findings).toEqual([])
    expect(rounds).toBeGreaterThan(3)
  })

  it('of none: both start at once on topics that are not there yet', async () => {
    for (let start = 0; start < 3; start++) {
      const at = names()
      const flags = analyseFlags(at).filter((flag) => flag !== '--once')
      const analyse = startCli(flags, env(at))
      const poll = startCli(['poll', '--every', '2', '--output', at.input], env(at))
      await analyse.logged('"msg":"analysed"')
      expect((await poll.stop()).code).toBe(0)
      expect((await analyse.stop()).code).toBe(0)
    }
  })

  it('of none, but a second poll: it takes over, and the first ends with 6', async () => {
    const at = names()
    const flags = ['poll', '--every', '2', '--output', at.input]
    const first = startCli(flags, env(at))
    await first.logged('"msg":"polled"')
    const second = startCli(flags, env(at))
    expect((await first.result).code).toBe(6)
    await second.logged('"msg":"polled"')
    expect((await second.stop()).code).toBe(0)
  })
})
