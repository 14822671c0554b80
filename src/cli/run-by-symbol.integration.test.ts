/** `run --by-symbol` on a real broker: the compacted topic equals the message, whatever happens to the process. */
import { setTimeout } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { killLeftovers, runCli } from '../testing/cli.js'
import { closedRecord, openRecord } from '../testing/order-events.js'
import {
  type RunTopics,
  runTopics,
  startRun,
  stopRun,
  ticksOf,
  tickWhere,
  tickWithRecords,
} from '../testing/run-job.js'
import { makeTopic, produce, readAll, withAdmin } from '../testing/topics.js'

const SYMBOLS = 30

afterEach(killLeftovers)

/** Two orders a symbol, both sides. */
const opens = (from: number) =>
  Array.from({ length: 2 * SYMBOLS }, (_, index) => {
    const [id, symbol] = [from + index, `S${index % SYMBOLS}`]
    const side = index < SYMBOLS ? 'BUY' : 'SELL'
    return { key: String(id), value: Buffer.from(openRecord({ id, symbol, side })) }
  })

/** Of every second symbol the orders that {@link opens} gave. */
const closes = (from: number) =>
  Array.from({ length: 2 * SYMBOLS }, (_, index) => from + index)
    .filter((id) => (id - from) % 2 === 0)
    .map((id) => ({ key: String(id), value: Buffer.from(closedRecord(id)) }))

/** After compaction: the newest record of each key, without those that say it is gone. */
async function compacted(topic: string): Promise<Map<string, { value: string; tick: string }>> {
  const newest = new Map<string, { value: string; tick: string }>()
  for (const { key, value, headers } of await readAll(topic)) {
    const symbol = String(key)
    if (value === null) newest.delete(symbol)
    else newest.set(symbol, { value: String(value), tick: headers.tick ?? '' })
  }
  return newest
}

function joined(topic: ReadonlyMap<string, { value: string }>): string {
  const rows = [...topic.keys()].sort().map((symbol) => topic.get(symbol)!.value.slice(1, -1))
  return `[${rows.join(',')}]`
}

const verify = ({ input, output, deadLetters }: RunTopics) =>
  runCli(['verify', '--input', input, '--output', output, '--dead-letters', deadLetters])

describe('run --by-symbol', () => {
  it('holds what the last message holds, over a kill, and though symbols vanish meanwhile', async () => {
    const topics = runTopics('by-symbol')
    const first = await startRun(topics, ['--by-symbol'])
    await produce(topics.input, opens(0))
    await tickWithRecords(topics.output, 2 * SYMBOLS)
    const bySymbol = `${topics.output}.by-symbol`
    const before = (await ticksOf(topics.output)).at(-1)!
    expect(joined(await compacted(bySymbol))).toBe(before.value)
    await first.stop('SIGKILL')

    // Without the flag nothing tells the topic that these have gone.
    const plain = await startRun(topics)
    await produce(topics.input, closes(0))
    await tickWithRecords(topics.output, 3 * SYMBOLS)
    await stopRun(plain)
    expect(joined(await compacted(bySymbol))).toBe(before.value)

    const second = await startRun(topics, ['--by-symbol'])
    await produce(topics.input, [
      { key: '999', value: Buffer.from(openRecord({ id: 999, symbol: 'NEW' })) },
    ])
    const seen = await tickWithRecords(topics.output, 3 * SYMBOLS + 1)
    await tickWhere(topics.output, ({ tick }) => tick > seen.tick + 1)
    await stopRun(second)
    const last = (await ticksOf(topics.output)).at(-1)!
    const found = await compacted(bySymbol)
    expect(found.size).toBe(SYMBOLS / 2 + 1)
    expect(joined(found)).toBe(last.value)
    expect(last.record.headers.by_symbol_behind).toBeUndefined()

    const { configs } = await withAdmin(async (admin) => {
      const resources = [{ type: 2, name: bySymbol, configNames: ['cleanup.policy'] }]
      const { resources: answers } = await admin.describeConfigs({
        resources,
        includeSynonyms: false,
      })
      return { configs: answers[0]!.configEntries }
    })
    expect(configs[0]!.configValue).toBe('compact')
    expect((await verify(topics)).code).toBe(0)
  })

  it('lets a message above the limit give way, which every reader says', async () => {
    const topics = runTopics('gives-way')
    const { output, input } = topics
    await makeTopic(output, { config: { 'max.message.bytes': '2000' } })
    const job = await startRun(topics, ['--by-symbol'])
    const small = await tickWhere(output, () => true)
    await produce(input, opens(0))
    const bySymbol = `${output}.by-symbol`
    const gaveWay = await tickWhere(output, ({ record }) => record.value === null)
    await setTimeout(1_500)
    await stopRun(job)

    expect(gaveWay.record.headers).toMatchObject({
      by_symbol: bySymbol,
      missed: '0',
    })
    expect(String(gaveWay.record.key)).toBe(output)
    expect(gaveWay.record.timestampMs).toBe(gaveWay.tick * 1000)
    expect((await compacted(bySymbol)).size).toBe(SYMBOLS)
    const ticks = await ticksOf(output)
    for (const [index, { tick, missed }] of ticks.entries()) {
      if (index > 0) expect(tick - 1 - missed).toBe(ticks[index - 1]!.tick)
    }

    const { code, stdout, stderr } = await verify(topics)
    const nulls = ticks.filter(({ record }) => record.value === null).length
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, gaveWay: nulls, wrong: 0 })
    expect(stderr).toContain('only headers were compared')
    const book = await runCli(['book', '--topic', output, '--ticks', '1'])
    expect(book).toMatchObject({ code: 0, stdout: expect.stringContaining(`are in ${bySymbol}`) })
    const whole = await runCli(['export', '--topic', output, '--format', 'ndjson'])
    expect(whole.code).toBe(0)
    expect(whole.stdout).toBe('[]\n'.repeat(ticks.length - nulls))
    expect(whole.stderr).toContain(`"gaveWayTo":"${bySymbol}"`)
    const ladders = await runCli(['export', '--topic', bySymbol, '--format', 'csv'])
    expect(ladders.stdout).toContain('S0,')
    expect(small.value).toBe('[]')
  })
})
