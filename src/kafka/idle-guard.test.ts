/** KafkaJS's queue of requests under the guard: no timer while nothing waits, and throttling as before. */
import { createRequire } from 'node:module'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { guardIdleQueues } from './idle-guard.js'

const RequestQueue = createRequire(import.meta.url)('kafkajs/src/network/requestQueue')
const unguarded = RequestQueue.prototype.scheduleCheckPendingRequests

beforeEach(() => {
  vi.useFakeTimers()
  guardIdleQueues()
})
afterEach(() => {
  RequestQueue.prototype.scheduleCheckPendingRequests = unguarded
  vi.useRealTimers()
})

function queueOf(maxInFlightRequests: number | null = null) {
  const queue = new RequestQueue({
    ...{ maxInFlightRequests, requestTimeout: 1000, enforceRequestTimeout: false },
    ...{ clientId: 'test', broker: 'b', logger: { debug() {}, warn() {} } },
  })
  const sent: number[] = []
  const push = (correlationId: number) =>
    queue.push({
      entry: { correlationId, resolve() {}, reject() {} },
      expectResponse: true,
      sendRequest: () => sent.push(correlationId),
    })
  const answer = (correlationId: number) =>
    queue.fulfillRequest({ correlationId, payload: Buffer.alloc(0), size: 0 })
  return { queue, sent, push, answer }
}

test('without the guard an idle queue sets a timer after each answer, for ever', () => {
  RequestQueue.prototype.scheduleCheckPendingRequests = unguarded
  const { push, answer } = queueOf()
  push(1)
  answer(1)
  vi.advanceTimersByTime(100)
  expect(vi.getTimerCount()).toBe(1)
})

test('an idle queue sets no timer', () => {
  const { sent, push, answer } = queueOf()
  push(1)
  answer(1)
  expect(sent).toEqual([1])
  expect(vi.getTimerCount()).toBe(0)
})

test('what is throttled leaves when the throttling ends, and then all is idle', () => {
  const { queue, sent, push, answer } = queueOf()
  queue.maybeThrottle(500)
  push(1)
  push(2)
  vi.advanceTimersByTime(499)
  expect(sent).toEqual([])
  vi.advanceTimersByTime(2)
  expect(sent).toEqual([1, 2])
  answer(1)
  answer(2)
  expect(vi.getTimerCount()).toBe(0)
})

test('a throttling that begins while nothing waits holds up what comes later', () => {
  const { queue, sent, push, answer } = queueOf()
  push(1)
  queue.maybeThrottle(500)
  answer(1)
  expect(vi.getTimerCount()).toBe(0)
  push(2)
  expect(sent).toEqual([1])
  vi.advanceTimersByTime(501)
  expect(sent).toEqual([1, 2])
})

test('what waits for a place in flight leaves with an answer', () => {
  const { sent, push, answer } = queueOf(1)
  push(1)
  push(2)
  expect(sent).toEqual([1])
  answer(1)
  expect(sent).toEqual([1, 2])
})

test('guarding twice is guarding once', () => {
  const guarded = RequestQueue.prototype.scheduleCheckPendingRequests
  guardIdleQueues()
  expect(RequestQueue.prototype.scheduleCheckPendingRequests).toBe(guarded)
})

test.each([
  ['has no', undefined],
  ['does something else', () => {}],
])('a KafkaJS whose queue %s says so', (_, method) => {
  RequestQueue.prototype.scheduleCheckPendingRequests = method
  expect(guardIdleQueues).toThrow(/KafkaJS is not the version 2\.2\.4/)
})
