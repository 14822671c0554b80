import { describe, expect, test } from 'vitest'
import { type EmulatedRecord, type EmulateOptions, emulate, generatedRecords } from './emulate.js'
import { OrderGenerator } from './order-generator.js'
import type { Clock } from './ports.js'

/** A clock that moves only where somebody sleeps, or where a test moves it. */
class FakeClock implements Clock {
  ms = 5_000
  /** How much too early a sleep ends. */
  early = 0
  onSleep = () => {}

  now(): number {
    return 1_700_000_000_000 + this.ms
  }

  monotonic(): number {
    return this.ms
  }

  async sleep(ms: number): Promise<void> {
    this.onSleep()
    this.ms += Math.max(0.25, ms - this.early)
  }

  async yield(): Promise<void> {}
}

function* numbered(count = Number.POSITIVE_INFINITY): Generator<EmulatedRecord> {
  for (let n = 0; n < count; n++) yield { key: `${n}`, value: null }
}

function setUp(options: Partial<EmulateOptions> = {}) {
  const clock = new FakeClock()
  const abort = new AbortController()
  const batches: { at: number; keys: (string | null)[] }[] = []
  const warnings: object[] = []
  let onSend = (_batch: number) => {}
  const log = { info() {}, error() {}, warn: (fields: object) => void warnings.push(fields) }
  const send = async (records: readonly EmulatedRecord[]) => {
    batches.push({ at: clock.ms, keys: records.map(({ key }) => key) })
    onSend(batches.length)
  }
  return {
    clock,
    abort,
    batches,
    warnings,
    whenSent: (then: typeof onSend) => {
      onSend = then
    },
    run: (source: Parameters<typeof emulate>[1]) =>
      emulate({ clock, log, send }, source, {
        batchSize: 10,
        intervalMs: 100,
        signal: abort.signal,
        ...options,
      }),
  }
}

describe('emulate', () => {
  test('sends ten records every hundred milliseconds, the first at once, and stops at the count', async () => {
    const { batches, run } = setUp({ count: 35 })
    expect(await run(numbered())).toBe(35)
    expect(batches.map(({ at }) => at)).toEqual([5000, 5100, 5200, 5300])
    expect(batches.map(({ keys }) => keys.length)).toEqual([10, 10, 10, 5])
    expect(batches.flatMap(({ keys }) => keys)).toEqual([...numbered(35)].map(({ key }) => key))
  })

  test('does not drift where sending takes time', async () => {
    const { batches, clock, run, whenSent } = setUp({ count: 1000 })
    whenSent(() => {
      clock.ms += 30
    })
    await run(numbered())
    expect(batches.at(-1)!.at).toBe(5000 + 99 * 100)
  })

  test('sends late batches at once, skips none, and is back on the grid', async () => {
    const { batches, clock, run, warnings, whenSent } = setUp({ count: 100 })
    whenSent((batch) => {
      if (batch === 2) clock.ms += 350
    })
    expect(await run(numbered())).toBe(100)
    expect(batches.map(({ at }) => at - 5000)).toEqual([
      0, 100, 450, 450, 450, 500, 600, 700, 800, 900,
    ])
    expect(warnings).toEqual([])
  })

  test('warns once per delay where it is a second late', async () => {
    const { clock, run, warnings, whenSent } = setUp({ count: 600 })
    whenSent((batch) => {
      if (batch === 2 || batch === 40) clock.ms += 1500
    })
    await run(numbered())
    expect(warnings).toEqual([
      { behindMs: 1400, sent: 20 },
      { behindMs: 1400, sent: 400 },
    ])
  })

  test('is never early, though the clock wakes it early', async () => {
    const { batches, clock, run } = setUp({ count: 50 })
    clock.early = 0.9
    await run(numbered())
    for (const [k, { at }] of batches.entries()) {
      expect(at).toBeGreaterThanOrEqual(5000 + k * 100)
      expect(at).toBeLessThan(5001 + k * 100)
    }
  })

  test('ends when its source ends, without an empty batch', async () => {
    const short = setUp()
    expect(await short.run(numbered(13))).toBe(13)
    expect(short.batches.map(({ keys }) => keys.length)).toEqual([10, 3])
    const even = setUp()
    expect(await even.run(numbered(20))).toBe(20)
    expect(even.batches).toHaveLength(2)
    const none = setUp()
    expect(await none.run([])).toBe(0)
  })

  test('reads an asynchronous source and closes it', async () => {
    let closed = false
    async function* file() {
      try {
        yield* numbered()
      } finally {
        closed = true
      }
    }
    const { run } = setUp({ count: 15 })
    expect(await run(file())).toBe(15)
    expect(closed).toBe(true)
  })

  test('stops at the signal, asleep or between late batches, and says what was sent', async () => {
    const asleep = setUp()
    asleep.clock.onSleep = () => asleep.abort.abort()
    expect(await asleep.run(numbered())).toBe(10)
    const late = setUp({ intervalMs: 0 })
    late.whenSent((batch) => {
      if (batch === 7) late.abort.abort()
    })
    expect(await late.run(numbered())).toBe(70)
    const before = setUp()
    before.abort.abort()
    expect(await before.run(numbered())).toBe(0)
  })

  test('takes a source that the signal tore down for one that has ended, and no other', async () => {
    const torn = async function* (before: () => void) {
      yield* numbered(3)
      before()
      throw new Error('torn')
    }
    const stopped = setUp()
    expect(await stopped.run(torn(() => stopped.abort.abort()))).toBe(3)
    await expect(setUp().run(torn(() => {}))).rejects.toThrow('torn')
  })

  test('passes on what the sender throws and closes the source', async () => {
    let closed = false
    function* source() {
      try {
        yield* numbered()
      } finally {
        closed = true
      }
    }
    const { run, whenSent } = setUp()
    whenSent(() => {
      throw new Error('broker gone')
    })
    await expect(run(source())).rejects.toThrow('broker gone')
    expect(closed).toBe(true)
  })

  test('stamps generated events with the second in which their batch is sent', async () => {
    const { clock } = setUp()
    const sent: string[] = []
    const send = async (records: readonly EmulatedRecord[]) => {
      for (const { value } of records) sent.push(new TextDecoder().decode(value!))
    }
    const log = { info() {}, warn() {}, error() {} }
    const source = generatedRecords(new OrderGenerator({ seed: 1 }), clock)
    const { signal } = new AbortController()
    await emulate({ clock, log, send }, source, {
      batchSize: 10,
      intervalMs: 100,
      count: 200,
      signal,
    })
    const stamps = sent.map((value) => JSON.parse(value).created_at)
    expect(stamps.slice(0, 100)).toEqual(new Array(100).fill(1_700_000_005))
    expect(stamps.slice(100)).toEqual(new Array(100).fill(1_700_000_006))
  })
})
