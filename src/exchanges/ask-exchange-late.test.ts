/** The deadline and what lies beyond it: timeouts, late answers, the stop, and servers with bad manners. */
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { ask, clock } from '../testing/exchanges/ask.js'

const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function serve(listener: RequestListener) {
  const server = createServer(listener)
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { origin, path: '/book' }
}

const text = (body: Uint8Array | null) => new TextDecoder().decode(body!)

describe('an answer after the deadline', () => {
  it('is a timeout at the deadline, and comes late', async () => {
    const exchange = await serve((_request, response) => {
      void setTimeout(400).then(() => response.end('{"late":true}'))
    })
    const startedAt = performance.now()
    const { reply, late } = await ask(exchange, { deadlineMs: 150, lateMs: 5000 })

    expect(performance.now() - startedAt).toBeLessThan(300)
    expect(reply).toMatchObject({
      kind: 'failure',
      error: 'timeout',
      detail: 'no answer before the deadline',
      status: null,
      attempts: 1,
      body: null,
      sha256: null,
    })
    const answer = await late
    expect(answer).toMatchObject({
      kind: 'late',
      status: 200,
      attempts: 1,
      error: null,
      detail: null,
    })
    expect(text(answer!.body)).toBe('{"late":true}')
    expect(answer!.requested_at).toBe(reply.requested_at)
    expect(answer!.responded_at! - reply.responded_at!).toBeGreaterThan(200)
  })

  it('is given up at the second limit, and its connection closed', async () => {
    let closed = false
    const exchange = await serve((request) => {
      request.socket.on('close', () => {
        closed = true
      })
    })
    const { reply, late } = await ask(exchange, { deadlineMs: 100, lateMs: 150 })
    expect(reply.error).toBe('timeout')
    expect(closed).toBe(false)
    expect(await late).toBeUndefined()
    await setTimeout(50)
    expect(closed).toBe(true)
  })

  it('is no late answer where it is an error', async () => {
    const exchange = await serve((_request, response) => {
      void setTimeout(200).then(() => response.writeHead(500).end('no'))
    })
    const { late } = await ask(exchange, { deadlineMs: 100, lateMs: 5000 })
    expect(await late).toBeUndefined()
  })
})

describe('the deadline', () => {
  it('keeps what had come of a body that was on its way', async () => {
    const exchange = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': 16 }).write('the half')
      void setTimeout(300).then(() => response.end('the rest'))
    })
    const { reply, late } = await ask(exchange, { deadlineMs: 150, lateMs: 5000 })
    expect(reply).toMatchObject({
      error: 'timeout',
      status: 200,
      detail: 'the answer was not whole at the deadline, 8 bytes of it had come',
    })
    expect(text(reply.body)).toBe('the half')
    expect(text((await late)!.body)).toBe('the halfthe rest')
  })

  it('names what went wrong before the last request', async () => {
    let requests = 0
    const exchange = await serve((_request, response) => {
      if (requests++ === 0) response.writeHead(503).end('full')
    })
    const { reply } = await ask(exchange, { deadlineMs: 400 })
    expect(reply).toMatchObject({
      error: 'timeout',
      status: 503,
      attempts: 2,
      detail: 'no answer before the deadline; before that: HTTP 503: full',
    })
  })

  it('leaves the last failure standing where it passes during a pause', async () => {
    const exchange = await serve((_request, response) => response.writeHead(503).end('full'))
    // The process stands still as soon as it waits.
    const frozen = {
      ...clock,
      monotonic: () => clock.monotonic() + skippedMs,
      sleep: (ms: number, signal?: AbortSignal) => {
        if (ms < 1000) skippedMs = 60_000
        return clock.sleep(ms, signal)
      },
    }
    let skippedMs = 0
    const { reply, late } = await ask(exchange, { clock: frozen })
    expect(reply).toMatchObject({ error: 'http_status', status: 503, detail: 'HTTP 503: full' })
    expect([reply.attempts, late]).toEqual([1, undefined])
  })

  it('asks nothing where it has passed already', async () => {
    const exchange = await serve((_request, response) => response.end('{}'))
    const { reply } = await ask(exchange, { deadlineMs: 0 })
    expect(reply).toMatchObject({
      kind: 'failure',
      error: 'timeout',
      attempts: 0,
      requested_at: null,
      responded_at: null,
    })
  })
})

describe('the stop', () => {
  it('ends the asking, the pause between two tries, and the wait for a late answer', async () => {
    const hangs = await serve(() => {})
    const busy = await serve((_request, response) => {
      response.writeHead(429, { 'retry-after': '4' }).end()
    })
    for (const exchange of [hangs, busy]) {
      const signal = AbortSignal.timeout(100)
      await expect(ask(exchange, { signal })).rejects.toMatchObject({ code: 'STOPPED' })
    }
    await expect(ask(hangs, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'STOPPED',
    })
    const signal = AbortSignal.timeout(100)
    const { late } = await ask(hangs, { deadlineMs: 50, lateMs: 60_000, signal })
    expect(await late).toBeUndefined()
  })
})

describe('bad manners', () => {
  it('are bodies that are cut off: what came of them is kept', async () => {
    const exchange = await serve((request, response) => {
      response.writeHead(200, { 'content-length': 16 }).write('the half')
      void setTimeout(20).then(() => request.socket.destroy())
    })
    const { reply } = await ask(exchange, { deadlineMs: 100 })
    expect(reply).toMatchObject({ error: 'cut_off', status: 200 })
    expect(reply.detail).toMatch(/^cut off after 8 bytes: /)
    expect(text(reply.body)).toBe('the half')
  })

  it('are redirects in a circle, which end after the second', async () => {
    let requests = 0
    const exchange = await serve((_request, response) => {
      requests++
      response.writeHead(301, { location: '/book' }).end()
    })
    const { reply } = await ask(exchange)
    expect(reply).toMatchObject({
      error: 'redirect_refused',
      detail: 'redirected more than 2 times',
    })
    expect([requests, reply.attempts]).toEqual([3, 3])
  })

  it('are redirects to another port, scheme or to what is no address, and none repeats a query', async () => {
    const wrong = ['//127.0.0.1:9/x?key=secret', 'ftp://127.0.0.1/secret', 'http://[secret']
    for (const location of wrong) {
      const exchange = await serve((_request, response) => {
        response.writeHead(307, { location }).end()
      })
      const { reply } = await ask(exchange)
      expect(reply, location).toMatchObject({ error: 'redirect_refused', status: 307 })
      expect(reply.detail).not.toContain('secret')
    }
  })

  it('are redirects with a password in them, also to the same host', async () => {
    const exchange = await serve((request, response) => {
      const location = `http://user:secret@${request.headers.host}/book`
      response.writeHead(302, { location }).end()
    })
    const { reply } = await ask(exchange)
    expect(reply).toMatchObject({ error: 'redirect_refused', attempts: 1 })
    expect(reply.detail).not.toContain('secret')
  })

  it('are errors that go on for pages: their words are cut, their body is kept', async () => {
    const page = `<h1>\n\tNo\u0007</h1>${'é'.repeat(5000)}`
    const exchange = await serve((_request, response) => response.writeHead(403).end(page))
    const { reply } = await ask(exchange)
    expect(reply.detail).toMatch(/^HTTP 403: <h1> No <\/h1>é+…$/)
    expect(reply.detail).toHaveLength(200)
    expect(text(reply.body)).toBe(page)
  })

  it('are answers that are no HTTP, or gzip that is none', async () => {
    const noise = await serve((request) => request.socket.end('HELLO\r\n\r\n'))
    expect((await ask(noise, { deadlineMs: 200 })).reply).toMatchObject({
      error: 'connection_failed',
      status: null,
    })
    const unpackable = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('{"bids":[]}')
    })
    expect((await ask(unpackable, { deadlineMs: 200 })).reply).toMatchObject({
      error: 'cut_off',
      status: 200,
    })
  })
})

describe('an empty 2xx answer', () => {
  it('is an answer of no bytes', async () => {
    const exchange = await serve((_request, response) => response.end())
    const { reply } = await ask(exchange)
    expect(reply).toMatchObject({ kind: 'answer', status: 200 })
    expect(reply.body).toHaveLength(0)
    expect(reply.sha256).toMatch(/^e3b0c44298fc1c14/)
  })
})
