/** `depthline book` without a terminal: plain ladders, one below the other. */
import { afterEach, describe, expect, it } from 'vitest'
import { killLeftovers, runCli, startCli } from '../testing/cli.js'
import { bidRow, tickMessage } from '../testing/ticks.js'
import { makeTopic, produce, produceTransactions, uniqueName } from '../testing/topics.js'

const FIRST = 1_700_000_000
const ESCAPE = '\x1b'

afterEach(killLeftovers)

describe('book', () => {
  it('prints a ladder for each message and no colour codes', async () => {
    const topic = await makeTopic(uniqueName('book'))
    await produce(topic, [tickMessage(FIRST, [bidRow(1), bidRow(2, 'ETH-USDT')])])
    const book = startCli(['book', 'ETH-USDT', '--topic', topic, '--ticks', '2'])
    await book.printed(1)
    await produce(topic, [tickMessage(FIRST + 1, [bidRow(1), bidRow(3, 'ETH-USDT')])])
    const { code, stdout } = await book.result

    const prices = stdout.split('\n').flatMap((line) => /^\s*(\d+)\s+1\s/.exec(line)?.[1] ?? [])
    expect(prices).toEqual(['2', '3'])
    expect(stdout.match(/Price \(USDT\)\s+Amount \(ETH\)/g)).toHaveLength(2)
    expect(stdout).toMatch(/message 2 of 2\n$/)
    expect(stdout).not.toContain(ESCAPE)
    expect(code).toBe(0)
  })

  it('starts with the newest message, where there are too many for one fetch', async () => {
    const topic = await makeTopic(uniqueName('book'))
    const symbols = Array.from({ length: 5_000 }, (_, index) => `S${index}`)
    for (let tick = FIRST; tick < FIRST + 6; tick++) {
      const rows = symbols.map((symbol) => bidRow(tick, symbol))
      await produce(topic, [tickMessage(tick, rows)])
    }
    const { stdout } = await runCli(['book', 'S7', '--topic', topic, '--ticks', '1'])

    expect(stdout).toContain(String(FIRST + 5))
    expect(stdout).toMatch(/message 1 of 1\n$/)
  })

  it('starts with the newest message, also behind aborted transactions', async () => {
    const topic = await makeTopic(uniqueName('book'))
    await produceTransactions(topic, [
      { messages: [tickMessage(FIRST, [bidRow(1)])] },
      { messages: [tickMessage(FIRST + 1, [bidRow(2)])] },
      { messages: [tickMessage(FIRST + 2, [bidRow(3)])], isAborted: true },
    ])
    const { code, stdout } = await runCli(['book', '--topic', topic, '--ticks', '1'])

    expect(stdout).toMatch(/^\s*2\s+1\s/m)
    expect(stdout).toContain('BTC-USDT')
    expect(code).toBe(0)
  })

  it('says that there is nothing where the book is empty or has no such symbol', async () => {
    const topic = await makeTopic(uniqueName('book'))
    await produce(topic, [tickMessage(FIRST, [])])
    for (const symbol of [[], ['NO-SUCH']]) {
      const { code, stdout } = await runCli(['book', ...symbol, '--topic', topic, '--ticks', '1'])
      expect(stdout).toMatch(/no (asks|bids|orders)/)
      expect(code).toBe(0)
    }
  })

  it('ends with 4 and names the offset where the topic holds something else', async () => {
    const topic = await makeTopic(uniqueName('book'))
    await produce(topic, [{ value: 'nothing of the kind' }])
    const { code, stderr } = await runCli(['book', '--topic', topic])

    expect(stderr).toContain('the value at offset 0 is no tick message')
    expect(code).toBe(4)
  })
})
