/** Cutting Kafka's bytes into frames, and reading what little of them the proxy needs. */
import { describe, expect, it } from 'vitest'
import { Api, FrameSplitter, names, parseRequest, redirect } from './kafka-frames.js'

describe('frames', () => {
  it.each([1, 3, 7, 1000])('are whole again, whatever the chunks (%i bytes)', (size) => {
    const frames = ['', 'a', 'bcdefgh', 'x'.repeat(300)].map(framed)
    const bytes = Buffer.concat(frames)
    const splitter = new FrameSplitter()
    const found: Buffer[] = []
    for (let at = 0; at < bytes.length; at += size) {
      found.push(...splitter.push(bytes.subarray(at, at + size)))
    }
    expect(found.map(String)).toEqual(frames.map(String))
  })

  it('say api, correlation id and client id, and which topic', () => {
    const header = Buffer.from([0, Api.EndTxn, 0, 1, 0, 0, 1, 2])
    const request = parseRequest(framed(Buffer.concat([header, text('me'), text('orders.book')])))
    expect(request).toMatchObject({ api: Api.EndTxn, correlationId: 258, clientId: 'me' })
    expect(names(request, 'orders.book')).toBe(true)
    // The name of another topic may begin with it.
    expect(names(request, 'orders')).toBe(false)
  })

  it.each(['localhost', '172.17.0.1', '[::1]'])(
    'name the proxy where they named %s, and nothing else',
    (host) => {
      const address = (name: string, port: number) => Buffer.concat([text(name), int32(port)])
      const end = text('the end')
      const other = address(host, 9093)
      const reply = framed(Buffer.concat([address(host, 9092), other, address(host, 9092), end]))
      const to = { host: '127.0.0.1', port: 70 }
      const proxy = address('127.0.0.1', 70)
      expect(redirect(reply, { from: { host, port: 9092 }, to })).toEqual(
        framed(Buffer.concat([proxy, other, proxy, end])),
      )
      expect(redirect(framed(other), { from: { host, port: 9092 }, to })).toEqual(framed(other))
    },
  )
})

function framed(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content)
  return Buffer.concat([int32(bytes.length), bytes])
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)])
}
