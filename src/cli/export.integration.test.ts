/** `depthline export` against a real topic: formats, ranges, following, and files that are whole or not there. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { Duck } from '../storage/duck.js'
import { killLeftovers, runCli, startCli } from '../testing/cli.js'
import { lakeRound } from '../testing/lake-rounds.js'
import { bidRow, tickMessage, tickMessages } from '../testing/ticks.js'
import { makeTopic, produce, produceTransactions, uniqueName } from '../testing/topics.js'

const FIRST = 1_700_000_000
const COUNT = 20
const folder = mkdtempSync(join(tmpdir(), 'depthline-export-'))

let full: string
beforeAll(async () => {
  full = await makeTopic(uniqueName('full'))
  const exact = [bidRow('0.000000000000000001', 'A'), bidRow('999999999999999999', 'B')]
  await produce(full, [
    tickMessage(FIRST, []),
    tickMessage(FIRST + 1, exact),
    ...tickMessages(FIRST + 2, COUNT - 2),
  ])
})
afterEach(killLeftovers)
afterAll(() => rmSync(folder, { recursive: true }))

async function exported(topic: string, ...flags: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli(['export', '--topic', topic, ...flags])
  expect({ code, stderr }).toMatchObject({ code: 0 })
  return stdout
}

/** The ticks of a csv export; each book but the first has rows. */
async function exportedTicks(...flags: string[]): Promise<number[]> {
  const csv = await exported(full, '--format', 'csv', ...flags)
  const ticks = csv.trimEnd().split('\n').slice(1)
  return [...new Set(ticks.map((line) => Number(line.split(',')[0]) - FIRST))]
}

describe('export', () => {
  it('gives the same rows in each format, every digit as the message has it', async () => {
    const json = await exported(full)
    const ndjson = await exported(full, '--format', 'ndjson')
    const csv = await exported(full, '--format', 'csv')

    expect(json).toBe(`[\n${ndjson.trimEnd().split('\n').join(',\n')}\n]\n`)
    expect(JSON.parse(json)).toHaveLength(COUNT)
    expect(ndjson.split('\n')[0]).toBe('[]')
    const [header, ...lines] = csv.trimEnd().split('\n')
    expect(header).toBe('tick,symbol,side,price,amount,total,cum_sum')
    expect(lines.map((line) => line.split(',').slice(1))).toEqual(cellsOf(ndjson))
    expect(csv).toContain(`${FIRST + 1},A,buy_1,0.000000000000000001,1,`)
  })

  it('takes a range of ticks, by second or by time, both ends included', async () => {
    const iso = (tick: number) => new Date((FIRST + tick) * 1000).toISOString()
    expect(await exportedTicks('--from', `${FIRST + 5}`, '--to', `${FIRST + 7}`)).toEqual([5, 6, 7])
    expect(await exportedTicks('--from', iso(5), '--to', iso(7))).toEqual([5, 6, 7])
    expect(await exportedTicks('--from', `${FIRST + 18}`)).toEqual([18, 19])
    expect(await exportedTicks('--to', `${FIRST + 2}`)).toEqual([1, 2])
    expect(await exportedTicks('--from', `${FIRST + 99}`)).toEqual([])
    expect(await exportedTicks('--from', `${FIRST + 5}`, '--ticks', '2')).toEqual([5, 6])
  })

  it('follows until it has as many messages as asked for', async () => {
    const topic = await makeTopic(uniqueName('followed'))
    await produce(topic, tickMessages(FIRST, 2))
    const flags = ['--format', 'ndjson', '--follow', '--ticks', '5']
    const following = startCli(['export', '--topic', topic, ...flags])
    await following.printed(100)
    await produce(topic, tickMessages(FIRST + 2, 4))
    const { code, stdout } = await following.result

    const prices = stdout.trimEnd().split('\n')
    expect(prices.map((line) => JSON.parse(line)[0].price - FIRST)).toEqual([0, 1, 2, 3, 4])
    expect(code).toBe(0)
  })

  it('writes a file that is not there before it is whole', async () => {
    const topic = await makeTopic(uniqueName('file'))
    await produce(topic, tickMessages(FIRST, 1))
    const out = join(folder, 'whole.json')
    writeFileSync(out, 'what was there before')
    const flags = ['--follow', '--ticks', '2', '-o', out]
    const following = startCli(['export', '--topic', topic, ...flags])
    while (!existsSync(`${out}.partial`)) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(readFileSync(out, 'utf8')).toBe('what was there before')
    await produce(topic, tickMessages(FIRST + 1, 1))

    expect(await following.result).toMatchObject({ code: 0, stdout: '' })
    expect(JSON.parse(readFileSync(out, 'utf8'))).toHaveLength(2)
    expect(readdirSync(folder)).toEqual(['whole.json'])
  })

  it('gives up after --timeout with 5 and leaves no file', async () => {
    const topic = await makeTopic(uniqueName('timeout'))
    await produce(topic, tickMessages(FIRST, 1))
    const out = join(folder, 'timeout.json')
    const flags = ['--follow', '--ticks', '2', '--timeout', '2', '-o', out]
    const { code, stderr } = await runCli(['export', '--topic', topic, ...flags])

    expect(stderr).toContain('1 messages came in 2 s')
    expect(code).toBe(5)
    expect(readdirSync(folder)).not.toContain('timeout.json')
    expect(readdirSync(folder)).not.toContain('timeout.json.partial')
  })

  it('keeps what it has at SIGINT, as a whole file', async () => {
    const topic = await makeTopic(uniqueName('stopped'))
    await produce(topic, tickMessages(FIRST, 3))
    const following = startCli(['export', '--topic', topic, '--follow'])
    await following.printed(3 * 80)
    const { code, stdout } = await following.stop('SIGINT')

    expect(JSON.parse(stdout)).toHaveLength(3)
    expect(code).toBe(0)
  })
})

describe('export of an unusual topic', () => {
  it('ends where the topic ends in markers and aborted transactions', async () => {
    const topic = await makeTopic(uniqueName('transactions'))
    await produceTransactions(topic, [
      { messages: tickMessages(FIRST, 1) },
      { messages: tickMessages(FIRST + 50, 1), isAborted: true },
      { messages: tickMessages(FIRST + 1, 2) },
      { messages: tickMessages(FIRST + 51, 2), isAborted: true },
    ])
    const messages = JSON.parse(await exported(topic))
    expect(messages.flat().map(({ price }: { price: number }) => price - FIRST)).toEqual([0, 1, 2])
  })

  it('is an empty array, nothing, or a header where the topic is empty', async () => {
    const topic = await makeTopic(uniqueName('empty'))
    expect(JSON.parse(await exported(topic))).toEqual([])
    expect(await exported(topic, '--format', 'ndjson')).toBe('')
    expect(await exported(topic, '--format', 'csv')).toMatch(/^tick,.*\n$/)
  })

  it('ends with 4 and names the offset where a value is no tick', async () => {
    const topic = await makeTopic(uniqueName('foreign'))
    await produce(topic, [...tickMessages(FIRST, 2), { value: '{"status":"OPEN"}' }])
    const out = join(folder, 'foreign.json')
    const { code, stderr } = await runCli(['export', '--topic', topic, '-o', out])

    expect(stderr).toContain('the value at offset 2 is no tick message')
    expect(code).toBe(4)
    expect(readdirSync(folder)).not.toContain('foreign.json')
    expect(readdirSync(folder)).not.toContain('foreign.json.partial')
  })
})

describe('export as parquet', () => {
  it('has one level a row, every digit, and appears when it is whole', async () => {
    const out = join(folder, 'ticks.parquet')
    await exported(full, '--format', 'parquet', '--out', out)
    const rows = await parquetRows(
      out,
      'SELECT epoch(tick)::BIGINT AS tick, symbol, side, price::VARCHAR AS price, amount_text, total_text, cum_sum_text',
    )
    const csv = await exported(full, '--format', 'csv')
    const lines = csv.trimEnd().split('\n').slice(1)
    const shortest = (text: unknown) => String(text).replace(/\.?0+$/, '')
    expect(
      rows.map(({ price, ...row }) => {
        const { tick, symbol, side, amount_text, total_text, cum_sum_text } = row
        return [tick, symbol, side, shortest(price), amount_text, total_text, cum_sum_text].join()
      }),
    ).toEqual(lines)
    expect(readdirSync(folder)).not.toContain('ticks.parquet.partial')
  })

  it('is an empty table of an empty topic, and keeps what it has at SIGINT', async () => {
    const out = join(folder, 'empty.parquet')
    await exported(await makeTopic(uniqueName('none')), '--format', 'parquet', '--out', out)
    expect(await parquetRows(out, 'SELECT tick')).toEqual([])
    const topic = await makeTopic(uniqueName('stopped'))
    await produce(topic, tickMessages(FIRST, 3))
    const stopped = join(folder, 'stopped.parquet')
    const flags = ['--format', 'parquet', '--out', stopped, '--follow']
    const following = startCli(['export', '--topic', topic, ...flags])
    while (!existsSync(`${stopped}.partial`)) await new Promise((done) => setTimeout(done, 20))
    await new Promise((done) => setTimeout(done, 3000))
    expect(await following.stop('SIGINT')).toMatchObject({ code: 0 })
    expect(await parquetRows(stopped, 'SELECT tick')).toHaveLength(3)
  })

  it('leaves nothing where it ends early, and wants a file to write to', async () => {
    const topic = await makeTopic(uniqueName('bad'))
    await produce(topic, [...tickMessages(FIRST, 2), { value: 'no tick' }])
    const out = join(folder, 'bad.parquet')
    const bad = await runCli(['export', '--topic', topic, '--format', 'parquet', '--out', out])
    expect(bad).toMatchObject({ code: 4 })
    expect(readdirSync(folder).filter((name) => name.startsWith('bad'))).toEqual([])
    const none = await runCli(['export', '--topic', topic, '--format', 'parquet'])
    expect(none).toMatchObject({ code: 2, stdout: '' })
    expect(none.stderr).toContain('--out')
  })
})

describe('export of an exchange topic', () => {
  const round = lakeRound(FIRST * 1000)
  let polls: string
  let depth: string
  beforeAll(async () => {
    polls = await makeTopic(uniqueName('polls'))
    depth = await makeTopic(uniqueName('depth'))
    const toJson = (record: object) =>
      JSON.stringify(record, (_, value) =>
        value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
      )
    const send = (topic: string, schema: string, records: readonly { poll_at: number }[]) =>
      produce(
        topic,
        records.map((record) => ({
          value: toJson(record),
          timestamp: String(record.poll_at),
          headers: { schema: `depthline.${schema}` },
        })),
      )
    await send(polls, 'ExchangePoll', round.polls)
    await send(depth, 'ExchangeDepth', round.depth)
  })

  it('gives the records as json and ndjson', async () => {
    expect(JSON.parse(await exported(depth))).toEqual(round.depth)
    const lines = (await exported(polls, '--format', 'ndjson')).trimEnd().split('\n')
    expect(lines).toHaveLength(round.polls.length)
    const body = Buffer.from(round.polls[0]!.body!).toString('base64')
    expect(JSON.parse(lines[0]!)).toMatchObject({ market: 'BTC-USD', body })
  })

  it('gives the records as parquet, with the columns of the lake and every byte', async () => {
    const out = join(folder, 'polls.parquet')
    await exported(polls, '--format', 'parquet', '--out', out)
    const rows = await parquetRows(out, 'SELECT kind, sha256(body) AS found, sha256')
    expect(rows.map(({ kind }) => kind)).toEqual(round.polls.map(({ kind }) => kind))
    for (const { found, sha256 } of rows) expect(found).toBe(sha256)
    const deep = join(folder, 'depth.parquet')
    await exported(depth, '--format', 'parquet', '--out', deep)
    const [row] = await parquetRows(deep, 'SELECT depth[1].bids_text AS bids')
    expect(row).toEqual({ bids: round.depth[0]!.depth[0]!.bids })
  })

  it('refuses csv, and names the offset of a record that is none', async () => {
    const csv = await runCli(['export', '--topic', depth, '--format', 'csv'])
    expect(csv).toMatchObject({ code: 2, stdout: '' })
    expect(csv.stderr).toContain('choose json, ndjson or parquet')
    const topic = await makeTopic(uniqueName('foreign'))
    const headers = { schema: 'depthline.ExchangeDepth' }
    await produce(topic, [{ value: '{"poll_at":1}', headers }])
    const bad = await runCli(['export', '--topic', topic])
    expect(bad).toMatchObject({ code: 4, stdout: '' })
    expect(bad.stderr).toContain('offset 0')
  })
})

async function parquetRows(path: string, select: string) {
  const duck = await Duck.open()
  try {
    return await duck.rows(`${select} FROM read_parquet('${path}')`)
  } finally {
    duck.close()
  }
}

/** The cells of every row, as text: JSON.parse would round the digits. */
function cellsOf(ndjson: string): string[][] {
  const rows = ndjson.matchAll(
    /\{"symbol":"(.*?)","side":"(.*?)","price":(.*?),"amount":(.*?),"total":(.*?),"cum_sum":(.*?)\}/g,
  )
  return [...rows].map(([, ...cells]) => cells)
}
