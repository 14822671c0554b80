/** `run --format avro` with a real registry, and the commands that read what it writes. */
import { createRequire } from 'node:module'
import { setTimeout } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { killLeftovers, runCli, startCli } from '../testing/cli.js'
import { hostileRecords } from '../testing/hostile-records.js'
import { REGISTRY_LIMIT_MS, startRegistry, type TestRegistry } from '../testing/registry.js'
import {
  type RunTopics,
  recordsBelow,
  runTopics,
  type StoredTick,
  startRun,
  stopRun,
  ticksOf,
  tickWhere,
  tickWithRecords,
} from '../testing/run-job.js'
import { makeTopic, produce, readAll } from '../testing/topics.js'

const RECORDS = 1_000

/** The package as any other user has it, knowing nothing of decimals. */
const { SchemaRegistry } = createRequire(import.meta.url)('@kafkajs/confluent-schema-registry')

let registry: TestRegistry
beforeAll(async () => {
  registry = await startRegistry()
}, REGISTRY_LIMIT_MS)
afterAll(() => registry?.stop())
afterEach(killLeftovers)

const env = () => ({ SCHEMA_REGISTRY_URL: registry.url })
const startAvro = (topics: RunTopics) => startRun(topics, ['--format', 'avro'], { env: env() })

/** Decimal text of Avro's bytes, written without a look at src/wire. */
function decimalOf(bytes: Buffer): string {
  const units = BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`))
  const digits = String(units).padStart(37, '0')
  return `${digits.slice(0, -36)}.${digits.slice(-36)}`.replace(/\.?0*$/, '')
}

async function plainText(client: typeof SchemaRegistry, value: Buffer): Promise<string> {
  const { levels } = await client.decode(value)
  const rows = levels.map(
    ({ symbol, side, ...numbers }: { symbol: string; side: string } & Record<string, Buffer>) =>
      `{"symbol":"${symbol}","side":"${side}",${Object.entries(numbers)
        .map(([name, bytes]) => `"${name}":${decimalOf(bytes)}`)
        .join(',')}}`,
  )
  return `[${rows.join(',')}]`
}

async function sendHostile(topic: string): Promise<void> {
  await makeTopic(topic)
  const records = hostileRecords(7)
  const messages = Array.from({ length: RECORDS }, () => {
    const { value } = records.next().value
    return { value: value === null ? null : Buffer.from(value) }
  })
  await produce(topic, messages)
}

const headersOf = ({ record }: StoredTick) => record.headers

describe('run --format avro', () => {
  const json = runTopics('as-json')
  const avro = { ...runTopics('as-avro'), input: json.input }
  let texts: string[]

  beforeAll(async () => {
    const jobs = [await startRun(json), await startAvro(avro)]
    await sendHostile(json.input)
    const last = await tickWithRecords(avro.output, RECORDS)
    await tickWhere(avro.output, ({ tick }) => tick > last.tick)
    await tickWithRecords(json.output, RECORDS)
    for (const job of jobs) await stopRun(job)
    const client = new SchemaRegistry({ host: registry.url })
    const ticks = await ticksOf(avro.output)
    texts = await Promise.all(ticks.map(({ record }) => plainText(client, record.value!)))
  })

  it('writes what the JSON job writes, to the digit, headers and key included', async () => {
    const [ofJson, ofAvro] = [await ticksOf(json.output), await ticksOf(avro.output)]
    const wanted = ofJson.find((tick) => recordsBelow(tick) === RECORDS)!
    const index = ofAvro.findIndex((tick) => recordsBelow(tick) === RECORDS)
    const found = ofAvro[index]!
    expect(wanted.value.length).toBeGreaterThan(1_000)
    expect(texts[index]).toBe(wanted.value)
    const { offsets, crossed } = headersOf(wanted)
    expect(headersOf(found)).toMatchObject({ tick: String(found.tick), offsets, crossed })
    expect(String(found.record.key)).toBe(avro.output)
    expect(found.record.timestampMs).toBe(found.tick * 1000)
    expect(found.record.value![0]).toBe(0)
  })

  it('registers its subject with BACKWARD compatibility', async () => {
    const answer = await fetch(`${registry.url}/config/${avro.output}-value`)
    expect(await answer.json()).toEqual({ compatibilityLevel: 'BACKWARD' })
  })

  it('is found right by verify, which needs the registry', async () => {
    const { input, output, deadLetters } = avro
    const flags = ['--input', input, '--output', output, '--dead-letters', deadLetters]
    const { code, stdout, stderr } = await runCli(['verify', ...flags], { env: env() })
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(JSON.parse(stdout)).toMatchObject({ verified: texts.length, wrong: 0, records: RECORDS })
    const without = await runCli(['verify', ...flags])
    expect(without).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('SCHEMA_REGISTRY_URL'),
    })
  })

  it('is exported as the texts that the JSON job would have written', async () => {
    const args = ['export', '--topic', avro.output, '--format', 'ndjson']
    const { code, stdout } = await runCli(args, { env: env() })
    expect(code).toBe(0)
    expect(stdout).toBe(texts.map((text) => `${text}\n`).join(''))
    const without = await runCli(args)
    expect(without).toMatchObject({ code: 2, stdout: '' })
    expect(without.stderr).toContain('set SCHEMA_REGISTRY_URL')
  })

  it('is drawn by book as the JSON is', async () => {
    const [symbol] = /"symbol":"([^"]+)"/.exec(texts.at(-1)!)!.slice(1)
    const draw = async (topic: string) => {
      const args = ['book', symbol!, '--topic', topic, '--ticks', '1']
      return (await runCli(args, { env: env() })).stdout.split('\n').slice(1)
    }
    expect(await draw(avro.output)).toEqual(await draw(json.output))
  })
})

describe('a topic of both forms', () => {
  it('is read as one, and a number in another than its one form is found', async () => {
    const topics = runTopics('both-forms')
    await sendHostile(topics.input)
    const first = await startAvro(topics)
    await tickWithRecords(topics.output, RECORDS)
    await stopRun(first)
    const second = await startRun(topics)
    await tickWhere(topics.output, ({ value }) => value.startsWith('['))
    await stopRun(second)

    const { input, output, deadLetters } = topics
    const flags = ['--input', input, '--output', output, '--dead-letters', deadLetters]
    const verify = () => runCli(['verify', ...flags], { env: env() })
    const { code, stdout } = await verify()
    const ticks = await ticksOf(output)
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, verified: ticks.length })

    const [framed] = await readAll(output)
    const last = ticks.at(-1)!
    const tick = last.tick + 1
    const headers = { ...last.record.headers, tick: String(tick), missed: '0', rejected: '0' }
    // One level, its price of two bytes where one would do.
    const level = [...frameText('A'), ...frameText('buy_1'), 4, 0, 1, 2, 1, 2, 1, 2, 1]
    const value = Buffer.from([...framed!.value!.subarray(0, 5), 2, ...level, 0])
    await produce(output, [{ key: output, value, headers, timestamp: String(tick * 1000) }])
    const after = await verify()
    expect(after.code).toBe(4)
    expect(after.stderr).toContain('no Avro of depthline.OrderBook: the bytes 0001')
  })
})

/** A string as Avro writes it. */
function frameText(text: string): number[] {
  return [text.length * 2, ...Buffer.from(text)]
}

describe('a registry that is not there', () => {
  const flags = ({ input, output, deadLetters }: RunTopics) => [
    ...['run', '--input', input, '--output', output, '--dead-letters', deadLetters],
    ...['--format', 'avro'],
  ]

  it('ends run with 2 where none is set, and with 3 where none answers, without the password', async () => {
    const topics = runTopics('no-registry')
    const none = await runCli(flags(topics))
    expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('SCHEMA_REGISTRY_URL') })
    const url = 'http://me:sesame@127.0.0.1:1/api'
    const away = await runCli(flags(topics), { env: { SCHEMA_REGISTRY_URL: url } })
    expect(away.code).toBe(3)
    expect(away.stderr).toContain('the schema registry at http://127.0.0.1:1/api')
    expect(away.stderr).not.toContain('sesame')
    const odd = await runCli(flags(topics), { env: { SCHEMA_REGISTRY_URL: 'me:sesame@host' } })
    expect(odd.code).toBe(2)
    expect(odd.stderr).not.toContain('sesame')
  })

  it('ends run with 3 where it holds a schema that ours could not read', async () => {
    const topics = runTopics('incompatible')
    const other = { type: 'record', namespace: 'depthline', name: 'OrderBook', fields: [] }
    const client = new SchemaRegistry({ host: registry.url })
    const subject = `${topics.output}-value`
    await client.register({ type: 'AVRO', schema: JSON.stringify(other) }, { subject })
    const { code, stderr } = await runCli(flags(topics), { env: env() })
    expect(code).toBe(3)
    expect(stderr).toContain(`registering ${subject}: readers of the new schema could not read`)
  })

  it('does not keep a running job from its ticks', async () => {
    const own = await startRegistry()
    const topics = runTopics('registry-gone')
    const options = { env: { SCHEMA_REGISTRY_URL: own.url } }
    const job = await startRun(topics, ['--format', 'avro'], options)
    await tickWhere(topics.output, () => true)
    await own.stop()
    const before = (await ticksOf(topics.output)).length
    await setTimeout(3_000)
    await stopRun(job)
    expect((await ticksOf(topics.output)).length).toBeGreaterThanOrEqual(before + 2)
  })

  it('is said by doctor, which goes on', async () => {
    const { output } = runTopics('doctor-registry')
    const doctor = async (url: string) => {
      const cli = startCli(['doctor', '--output', output], { env: { SCHEMA_REGISTRY_URL: url } })
      return (await cli.result).stdout
    }
    expect(await doctor(registry.url)).toContain(`${registry.url}: no ${output}-value yet`)
    expect(await doctor('http://127.0.0.1:1')).toMatch(/warn +schema registry: .*ECONNREFUSED/)
  })
})
