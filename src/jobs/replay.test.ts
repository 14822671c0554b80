import { describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../book/order-books.js'
import { NaiveBook } from '../oracle/naive-book.js'
import { openText } from '../testing/read-record.js'
import type { RecordCounts } from './order-processor.js'
import { type ReplayOptions, replay } from './replay.js'

interface Replayed {
  readonly ticks: string[]
  readonly deadLetters: string[]
  readonly counts: RecordCounts
}

/** Replays the input in pieces of `pieceBytes`. */
async function run(
  input: string | Uint8Array,
  options: Partial<ReplayOptions> & { pieceBytes?: number } = {},
): Promise<Replayed> {
  const bytes = typeof input === 'string' ? new TextEncoder().encode(input) : input
  const { pieceBytes = 7 } = options
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.slice(at, at + pieceBytes)
  }
  const ticks: string[] = []
  const deadLetters: string[] = []
  const ports = {
    input: pieces(),
    signal: new AbortController().signal,
    writeTick: async (line: string) => void ticks.push(line),
    writeDeadLetter: async (line: string) => void deadLetters.push(line),
  }
  const defaults = { eventsPerTick: 2, levels: 15, limits: DEFAULT_LIMITS, seed: 1 }
  const counts = await replay(ports, { ...defaults, ...options })
  return { ticks, deadLetters, counts }
}

const open = (id: number) => openText({ order_id: `${id}`, price: `${id}` })
const close = (id: number) => `{"order_id":${id},"status":"CLOSED"}`

/** What the naive book would print after the first so many lines. */
function naiveTick(lines: readonly string[], count: number): string {
  const naive = new NaiveBook()
  for (const line of lines.slice(0, count)) naive.accept(new TextEncoder().encode(line), 0)
  return `${naive.message(15)}\n`
}

describe('replay', () => {
  const LINES = [open(1), open(2), close(1), 'bad', open(3)]
  const TICKS = [2, 4, 5].map((count) => naiveTick(LINES, count))

  test('prints a tick after every so many records and one after the last', async () => {
    expect((await run(LINES.join('\n'))).ticks).toEqual(TICKS)
    const one = await run(LINES.join('\n'), { eventsPerTick: 1 })
    expect(one.ticks).toEqual([1, 2, 3, 4, 5].map((count) => naiveTick(LINES, count)))
    expect((await run(LINES.join('\n'), { eventsPerTick: 100 })).ticks).toEqual(TICKS.slice(2))
  })

  test('prints no second tick at the end where the last record has just had one', async () => {
    expect((await run(LINES.slice(0, 4).join('\n'))).ticks).toEqual(TICKS.slice(0, 2))
    expect((await run(LINES.join('\n'), { eventsPerTick: 5 })).ticks).toEqual(TICKS.slice(2))
  })

  test('prints nothing for an empty file or one of blank lines', async () => {
    for (const input of ['', '\n', '\r\n \n\t\n  ']) {
      const { ticks, deadLetters, counts } = await run(input)
      expect({ ticks, deadLetters, records: counts.records }).toEqual({
        ticks: [],
        deadLetters: [],
        records: 0,
      })
    }
  })

  test('does not mind CRLF, blank lines, a missing last newline or the size of the pieces', async () => {
    for (const pieceBytes of [1, 2, 3, 100, 10_000]) {
      for (const input of [
        LINES.join('\n'),
        `${LINES.join('\n')}\n`,
        `${LINES.join('\r\n')}\r\n`,
        `\n\n${LINES.join('\n \t\r\n\n')}\n\n`,
      ]) {
        expect((await run(input, { pieceBytes })).ticks).toEqual(TICKS)
      }
    }
  })

  test('limits the levels of its ticks', async () => {
    const { ticks } = await run(LINES.slice(0, 2).join('\n'), { levels: 1 })
    expect(JSON.parse(ticks[0]!)).toHaveLength(1)
  })

  test('gives back its counts, which add up', async () => {
    const { counts } = await run(`${LINES.join('\n')}\n${open(3)}\n${close(9)}\n${open(1)}`)
    expect(counts).toMatchObject({ records: 8, applied: 5, ignored: 1, rejected: 2, tombstones: 0 })
    expect(counts.byOutcome).toMatchObject({
      opened: 3,
      closed: 1,
      close_before_open: 1,
      duplicate_open: 1,
      order_already_closed: 1,
      invalid_json: 1,
    })
  })
})

describe('dead letters of replay', () => {
  const letters = async (input: string | Uint8Array, pieceBytes = 7) => {
    const { deadLetters } = await run(input, { pieceBytes })
    expect(
      deadLetters.every((line) => line.endsWith('}\n') && !line.slice(0, -1).includes('\n')),
    ).toBe(true)
    return deadLetters.map((line) => JSON.parse(line) as unknown)
  }

  test('carry the number of the record, counted from 0 without the blank lines', async () => {
    const input = `\n${open(1)}\n\n bad \n \n[]\n${open(1)}\n${openText({ symbol: '"B"' })}`
    expect(await letters(input)).toEqual([
      { line: 1, reason: 'invalid_json', value: ' bad ' },
      { line: 2, reason: 'not_an_object', value: '[]' },
      { line: 4, reason: 'symbol_changed', value: openText({ symbol: '"B"' }) },
    ])
  })

  test('have their fields in the order that the design gives', async () => {
    const { deadLetters } = await run('{}')
    expect(deadLetters).toEqual(['{"line":0,"reason":"missing_field","value":"{}"}\n'])
  })

  test('show bad bytes as U+FFFD', async () => {
    const bytes = new Uint8Array([0x22, 0xff, 0x22, 0x0a, 0xef, 0xbb, 0xbf, 0x7b, 0x7d, 0x0a])
    expect(await letters(bytes)).toEqual([
      { line: 0, reason: 'invalid_json', value: '"\uFFFD"' },
      { line: 1, reason: 'invalid_json', value: '\uFEFF{}' },
    ])
  })

  test('hold the first KiB of a line that is too large', async () => {
    for (const pieceBytes of [1000, 70_000, 200_000]) {
      const input = `${open(1)}\n${'x'.repeat(70_000)}\n${' '.repeat(70_000)}\n${open(2)}\n`
      expect(await letters(input, pieceBytes)).toEqual([
        { line: 1, reason: 'too_large', value: 'x'.repeat(1024) },
      ])
      const blanks = `${' '.repeat(70_000)}x\n`
      expect(await letters(blanks, pieceBytes)).toEqual([
        { line: 0, reason: 'too_large', value: ' '.repeat(1024) },
      ])
    }
  })

  test('are not needed: without a place for them the ticks are the same', async () => {
    async function* input(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode(`bad\n${open(1)}`)
    }
    const ticks: string[] = []
    const writeTick = async (line: string) => void ticks.push(line)
    const options = { eventsPerTick: 100, levels: 15, limits: DEFAULT_LIMITS, seed: 1 }
    const { signal } = new AbortController()
    const counts = await replay({ input: input(), signal, writeTick }, options)
    expect(ticks).toEqual([naiveTick([open(1)], 1)])
    expect(counts.rejected).toBe(1)
  })
})
