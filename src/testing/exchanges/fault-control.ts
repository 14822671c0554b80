/** The HTTP side of the simulated exchanges' faults: set, listed and taken away on a port of its own. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import * as z from 'zod'
import { FAULT_KINDS, type Fault } from './faults.js'
import type { SimulatedExchange } from './moving-book.js'

/** Who sets and takes away the faults. */
export interface FaultSetter {
  setFault(exchange: SimulatedExchange, fault: Fault): Promise<void>
  clearFaults(exchange?: SimulatedExchange): Promise<void>
  listFaults(): unknown
}

const Exchange = z.enum(['coinbase', 'kraken', 'bitstamp', 'gemini'])
const Order = z.strictObject({
  exchange: Exchange,
  kind: z.enum(FAULT_KINDS),
  market: z.enum(['BTC-USD', 'ETH-USD']).exactOptional(),
  times: z.int().min(1).exactOptional(),
  status: z.int().min(200).max(599).exactOptional(),
  retryAfter: z.string().exactOptional(),
  message: z.string().exactOptional(),
  seconds: z.number().min(0).exactOptional(),
  bytes: z.int().min(1).exactOptional(),
})

export class FaultControl {
  readonly #setter: FaultSetter
  readonly #server = createServer((request, response) => {
    this.#serve(request, response).catch((error) => response.writeHead(500).end(`${error}\n`))
  })

  constructor(setter: FaultSetter) {
    this.#setter = setter
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async open(host: string, port: number): Promise<void> {
    this.#server.listen(port, host)
    await once(this.#server, 'listening')
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://control')
    const question = pathname === '/faults' ? request.method : undefined
    if (question === 'GET') {
      response.end(`${JSON.stringify(this.#setter.listFaults())}\n`)
    } else if (question === 'POST') {
      const order = Order.safeParse(parsed(await text(request)))
      if (!order.success) return refuse(response, z.prettifyError(order.error))
      const { exchange, ...fault } = order.data
      await this.#setter.setFault(exchange, fault)
      response.writeHead(204).end()
    } else if (question === 'DELETE') {
      const exchange = Exchange.optional().safeParse(searchParams.get('exchange') ?? undefined)
      if (!exchange.success) return refuse(response, z.prettifyError(exchange.error))
      await this.#setter.clearFaults(exchange.data)
      response.writeHead(204).end()
    } else {
      response.writeHead(404).end('GET, POST or DELETE /faults\n')
    }
  }
}

function refuse(response: ServerResponse, why: string): void {
  response.writeHead(400).end(`${why}\n`)
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
