/** The jobs' server: what it answers, to whom, and what it never does. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type IncomingHttpHeaders, request } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type HealthServerOptions, startHealthServer } from './health-server.js'

const LOOPBACK = '127.0.0.1'
const stops: (() => Promise<void>)[] = []

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()))
})

async function start(change: Partial<HealthServerOptions> = {}): Promise<number> {
  const pages = { page: async () => 'a 1\n', whyNotReady: () => undefined }
  const options = { host: LOOPBACK, port: 0, allowHost: [], ...pages, ...change }
  const { port, stop } = await startHealthServer(options)
  stops.push(stop)
  return port
}

interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

async function ask(
  port: number,
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Reply> {
  const asked = request({ host: LOOPBACK, port, path, method, headers, agent: false })
  asked.end()
  const [response] = await once(asked, 'response')
  let body = ''
  for await (const piece of response.setEncoding('utf8')) body += piece
  return { status: response.statusCode, headers: response.headers, body }
}

describe('the health server', () => {
  it('answers its three paths to GET, and their heads to HEAD', async () => {
    const port = await start()
    expect(await ask(port, '/metrics?x=1')).toMatchObject({ status: 200, body: 'a 1\n' })
    expect((await ask(port, '/metrics')).headers['content-type']).toMatch(/^text\/plain; version=0/)
    expect(await ask(port, '/livez')).toMatchObject({ status: 200, body: 'alive\n' })
    expect(await ask(port, '/readyz')).toMatchObject({ status: 200, body: 'ready\n' })
    const head = await ask(port, '/metrics', { method: 'HEAD' })
    expect(head).toMatchObject({ status: 200, body: '', headers: { 'content-length': '4' } })
  })

  it('is not ready with the reason, and alive all the same', async () => {
    let why: string | undefined = 'the last tick was 7 s ago'
    const port = await start({ whyNotReady: () => why })
    const reply = await ask(port, '/readyz')
    expect(reply.status).toBe(503)
    expect(JSON.parse(reply.body)).toEqual({ error: 'not_ready', message: why })
    expect((await ask(port, '/livez')).status).toBe(200)
    why = undefined
    expect((await ask(port, '/readyz')).status).toBe(200)
  })

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('refuses %s', async (method) => {
    const reply = await ask(await start(), '/metrics', { method })
    expect(reply).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } })
  })

  it.each(['/', '/metrics/', '/readyz/x', '/__proto__', '/toString', '//metrics', '/%2e%2e/x'])(
    'has nothing at %s',
    async (path) => {
      expect((await ask(await start(), path)).status).toBe(404)
    },
  )

  it.each([
    ['127.0.0.1', 200],
    ['localhost:9464', 200],
    ['LOCALHOST', 200],
    ['[::1]:9464', 200],
    ['10.1.2.3:80', 200],
    ['metrics.example', 200],
    ['evil.example', 421],
    ['127.0.0.1.evil.example', 421],
    ['localhost.evil.example:9464', 421],
    ['localhost:9464@evil.example', 421],
    ['[::1', 421],
  ])('answers to the name %s with %i', async (host, status) => {
    const port = await start({ allowHost: ['metrics.example'] })
    const reply = await ask(port, '/metrics', { headers: { host } })
    expect(reply.status).toBe(status)
    if (status === 421) expect(reply.body).not.toContain('evil')
  })

  it('shows no error of ours, and says on every answer that it is no page', async () => {
    const page = async () => {
      throw new Error('a secret of /home')
    }
    const reply = await ask(await start({ page }), '/metrics')
    expect(reply.status).toBe(500)
    expect(reply.body).not.toMatch(/secret|\.ts|\.js| at /)
    expect(reply.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    })
  })

  it('makes one page for many who ask at once', async () => {
    let made = 0
    const port = await start({ page: async () => `made ${++made}\n` })
    await Promise.all(Array.from({ length: 40 }, () => ask(port, '/metrics')))
    expect(made).toBeLessThanOrEqual(3)
  })

  it.each([
    ['is taken', 'another process listens there'],
    ['is of another machine', 'this machine has no such address'],
  ])('says so where the address %s', async (fault, reason) => {
    const other = createServer().listen(0, LOOPBACK)
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const host = fault === 'is taken' ? LOOPBACK : '192.0.2.1'
    await expect(start({ host, port })).rejects.toMatchObject({
      code: 'USAGE',
      message: `--http ${host}:${port}: ${reason}`,
    })
    other.close()
  })

  it('answers on after garbage, and after askers who go away', async () => {
    const port = await start()
    for (const bytes of [
      'GET\r\n\r\n',
      '\0\0\0\0',
      `GET /${'x'.repeat(20_000)} HTTP/1.1\r\n\r\n`,
    ]) {
      const socket = connect(port, LOOPBACK)
      socket.on('error', () => {})
      socket.end(bytes)
      await once(socket.resume(), 'close')
    }
    const gone = connect(port, LOOPBACK)
    await once(gone, 'connect')
    gone.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n')
    gone.destroy()
    expect((await ask(port, '/livez')).status).toBe(200)
  })
})

it('does not keep a process from ending, not even with an asker connected', async () => {
  const script = `
    import { startHealthServer } from './src/web/health-server.ts'
    const pages = { page: async () => '', whyNotReady: () => undefined }
    const { port } = await startHealthServer({ host: '127.0.0.1', port: 0, allowHost: [], ...pages })
    await fetch('http://127.0.0.1:' + port + '/livez').then((reply) => reply.text())
  `
  const args = ['--import', 'tsx', '--input-type=module', '-e', script]
  const child = spawn(process.execPath, args, { stdio: 'inherit' })
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
})
