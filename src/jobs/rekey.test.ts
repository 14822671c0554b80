/** The stage of `--rekey` over a log in memory: each record once, under the one text of its id. */
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../testing/fake-clock.js'
import { Logged, MemorySource, progressOf, START, unreachable } from '../testing/memory-job.js'
import type { Progress } from '../wire/progress.js'
import type { RekeyedRecord, RekeyOutput, TransactionLog } from './ports.js'
import { rekey } from './rekey.js'

const open = (id: string) =>
  `{"order_id":${id},"symbol":"A","order_side":"BUY","size":1,"price":1,"status":"OPEN"}`

class MemoryRekeyLog implements TransactionLog<Progress, RekeyOutput> {
  progress: Progress | undefined
  readonly records: RekeyedRecord[] = []
  commits = 0
  /** What becomes of a commit with records. */
  fate: (() => 'done' | 'lost' | 'done, but the answer is lost') | undefined

  async fence() {
    return {
      commit: (writes: RekeyOutput & { progress: Progress }) => this.#commit(writes),
      discard,
    }
  }

  async readProgress() {
    return this.progress
  }

  async #commit({ records, progress }: RekeyOutput & { progress: Progress }): Promise<boolean> {
    const fate = records.length === 0 ? 'done' : (this.fate?.() ?? 'done')
    if (fate === 'lost') throw unreachable(fate)
    this.records.push(...records)
    this.progress = progress
    if (records.length > 0) this.commits++
    if (fate !== 'done') throw unreachable(fate)
    return true
  }
}

const discard = async () => {}

async function startRekey(given: { source?: MemorySource; transactions?: MemoryRekeyLog } = {}) {
  const { source = new MemorySource(), transactions = new MemoryRekeyLog() } = given
  const clock = new FakeClock(START)
  const stopping = new AbortController()
  const identity = { job: 'order-book.rekey', owner: 'this', version: '9', random: () => 0.5 }
  const ports = { source, transactions, clock, log: new Logged() }
  const done = rekey(ports, identity, stopping.signal)
  done.catch(() => {})
  await clock.advance(0)
  const stop = async () => {
    stopping.abort()
    await clock.advance(0)
    await done
  }
  return { source, transactions, clock, done, stop }
}

describe('rekey', () => {
  it('gives each id its one text as the key, and changes nothing else', async () => {
    const { source, transactions, clock, stop } = await startRekey()
    const ids = ['1', '"1"', '"\\u0031"', '18446744073709551615', '"01"', '"ä"']
    await source.feed(0, ids.map(open))
    await clock.advance(200)
    await stop()
    const found = transactions.records
    expect(found.map(({ key }) => key)).toEqual(['1', '1', '1', '18446744073709551615', '01', 'ä'])
    expect(found.map(({ value }) => new TextDecoder().decode(value!))).toEqual(ids.map(open))
    expect(found[1]).toMatchObject({ timestamp: '7', headers: { rekeyed_from: 'orders[0]@1' } })
    expect(transactions.commits).toBe(1)
    expect(transactions.progress).toMatchObject({ offsets: [6, 0], tick: undefined })
  })

  it('leaves its key to a record without an id, whatever it holds', async () => {
    const { source, transactions, clock, stop } = await startRekey()
    const key = new Uint8Array([0, 255])
    const record = { key, value: null, offset: '0', timestamp: '7', headers: { a: 'b' } }
    await source.redeliver(1, [record, { ...record, offset: '1', value: new Uint8Array([123]) }])
    await source.redeliver(1, [{ ...record, offset: '2', key: null }])
    await clock.advance(200)
    await stop()
    expect(transactions.records.map((found) => found.key)).toEqual([key, key, null])
    expect(transactions.records[2]).toMatchObject({
      partition: 1,
      value: null,
      headers: { a: 'b' },
    })
  })

  it('publishes each record once, though commits are lost or in doubt', async () => {
    const { source, transactions, clock, stop } = await startRekey()
    const fates = ['lost', 'done, but the answer is lost', 'lost', 'done'] as const
    let commit = 0
    transactions.fate = () => fates[commit++ % fates.length]!
    for (let id = 0; id < 40; id++) {
      await source.feed(id % 2, [open(String(id))])
      await clock.advance(150)
    }
    await clock.advance(20_000)
    await stop()
    const from = transactions.records.map(({ headers }) => String(headers.rekeyed_from))
    expect(new Set(from).size).toBe(40)
    expect(from).toHaveLength(40)
    const first = from.filter((place) => place.startsWith('orders[0]'))
    expect(first).toEqual(Array.from({ length: 20 }, (_, offset) => `orders[0]@${offset}`))
  })

  it('goes on where the process before it has stopped', async () => {
    const transactions = new MemoryRekeyLog()
    const values = ['1', '2', '3'].map(open)
    const first = await startRekey({ transactions })
    await first.source.feed(0, values.slice(0, 2))
    await first.clock.advance(200)
    await first.stop()

    const second = await startRekey({ transactions })
    expect(second.source.from).toEqual([2, 0])
    // The last record comes once more, so that another log would show.
    await second.source.feed(0, values)
    await second.clock.advance(200)
    await second.stop()
    expect(transactions.records.map(({ key }) => key)).toEqual(['1', '2', '3'])
  })

  it('publishes much at once without waiting, and reads no further than it must', async () => {
    const { source, transactions, clock, stop } = await startRekey()
    const values = Array.from({ length: 25_000 }, (_, id) => open(String(id)))
    const taken = source.feed(0, values)
    for (let turn = 0; turn < 100; turn++) await clock.advance(0)
    await taken
    expect(transactions.commits).toBeGreaterThan(1)
    await clock.advance(200)
    await stop()
    expect(transactions.records).toHaveLength(25_000)
  })

  it('ends where the input is not whole, or not the one that it has read', async () => {
    const short = new MemorySource()
    short.lows = [0, 5]
    await expect((await startRekey({ source: short })).done).rejects.toMatchObject({
      code: 'LOG_LOST',
      message: expect.stringContaining('--rekey needs the whole input'),
    })

    const transactions = new MemoryRekeyLog()
    transactions.progress = progressOf({ offsets: [1, 0], lastRecords: ['another record', ''] })
    const job = await startRekey({ transactions })
    void job.source.feed(0, [open('1')])
    await expect(job.done).rejects.toMatchObject({ code: 'LOG_LOST' })
    expect(transactions.records).toEqual([])
  })
})
