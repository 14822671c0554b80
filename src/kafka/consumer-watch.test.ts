/** When a consumer is no longer trusted: stuck, frozen, crashed; and when it is left alone. */
import type { Consumer } from 'kafkajs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ConsumerWatch } from './consumer-watch.js'

let emit: (name: string, payload?: object) => void
let watch: ConsumerWatch
let reason: string | undefined

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  const listeners = new Map<string, (event: { payload: object }) => void>()
  const consumer = {
    events: { FETCH: 'fetch', CRASH: 'crash' },
    on: (name: string, listener: (event: { payload: object }) => void) => {
      listeners.set(name, listener)
    },
  }
  emit = (name, payload = {}) => listeners.get(name)!({ payload })
  watch = new ConsumerWatch(consumer as unknown as Consumer, 'orders')
  reason = undefined
  watch.failed.catch((error) => {
    reason = error.message
  })
})
afterEach(() => {
  watch.end()
  vi.useRealTimers()
})

/** Lets a second pass with a fetch every 100 ms. */
function fetchFor(seconds: number): void {
  for (let fetch = 0; fetch < seconds * 10; fetch++) {
    vi.advanceTimersByTime(100)
    emit('fetch')
  }
}

/** Time passes as in a frozen process: no timer runs. */
function freeze(ms: number): void {
  const now = performance.now()
  vi.spyOn(performance, 'now').mockImplementation(() => now + ms)
}

describe('a consumer', () => {
  it('is trusted while it fetches', async () => {
    watch.joined()
    fetchFor(20)
    expect(watch.isTrusted).toBe(true)
  })

  it('is not trusted when it has fetched nothing for 4 s', async () => {
    watch.joined()
    fetchFor(1)
    vi.advanceTimersByTime(4_500)
    expect(watch.isTrusted).toBe(false)
    await expect(watch.failed).rejects.toMatchObject({ code: 'STALLED', retriable: true })
  })

  it('may take its time to join, and to work on a batch', () => {
    vi.advanceTimersByTime(20_000)
    watch.joined()
    watch.batchBegun()
    vi.advanceTimersByTime(20_000)
    watch.batchDone()
    fetchFor(1)
    expect(watch.isTrusted).toBe(true)
  })

  it('is not trusted after a freeze, before anything it fetched then is looked at', async () => {
    watch.joined()
    fetchFor(1)
    freeze(3_000)
    emit('fetch')
    expect(watch.isTrusted).toBe(false)
    await expect(watch.failed).rejects.toThrow('looking whether it is still the same log')
  })

  it('is not trusted after a freeze in the middle of a batch', () => {
    watch.joined()
    fetchFor(1)
    watch.batchBegun()
    freeze(3_000)
    watch.batchDone()
    vi.advanceTimersByTime(300)
    expect(watch.isTrusted).toBe(false)
  })

  it('is not trusted when KafkaJS gives it up', async () => {
    emit('crash', { error: new Error('gone') })
    await vi.waitFor(() => expect(reason).toContain('gone'))
    expect(watch.isTrusted).toBe(false)
  })
})
