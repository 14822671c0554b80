/**
 * Four simulated exchanges on ports of this machine, and a control that makes them fail.
 *
 * They are fakes, because tests and demonstrations can rarely reach the real
 * ones and must never load them: the shapes and quirks of the answers are those
 * of the real exchanges, every price and size in them is made up from a seed.
 *
 * The control is a small HTTP server of its own, so that an exchange that is
 * out of reach can be brought back:
 * `POST /faults` with `{"exchange":"kraken","kind":"slow","seconds":12}`,
 * `GET /faults`, `DELETE /faults` and `DELETE /faults?exchange=kraken`.
 */

import { ExchangeServer } from './exchange-server.js'
import { FaultControl } from './fault-control.js'
import { type Fault, Faults } from './faults.js'
import type { SimulatedExchange } from './moving-book.js'

export const SIMULATED_EXCHANGES = ['coinbase', 'kraken', 'bitstamp', 'gemini'] as const

export interface SimulationOptions {
  /** Loopback, unless they are in a container and asked from outside of it. */
  readonly host?: string
  /** The control listens here and the exchanges on the four ports after it; 0 takes free ones. */
  readonly port?: number
  readonly seed?: number
  /** Levels a side, up to 50,000; Kraken never gives more than 500 of them. */
  readonly levels?: number
  readonly now?: () => number
}

/** Starts all four; `stop` ends them. */
export async function startSimulatedExchanges(
  options: SimulationOptions = {},
): Promise<SimulatedExchanges> {
  const { host = '127.0.0.1', port = 0, seed = 1, levels = 5000, now = () => Date.now() } = options
  const faults = new Faults(now)
  const terms = { host, seed, levels, faults, now }
  const servers = SIMULATED_EXCHANGES.map((name) => new ExchangeServer(name, terms))
  const exchanges = new SimulatedExchanges(servers, faults)
  try {
    await exchanges.open(host, port)
  } catch (error) {
    await exchanges.stop()
    throw error
  }
  return exchanges
}

export class SimulatedExchanges {
  readonly #servers: readonly ExchangeServer[]
  readonly #faults: Faults
  readonly #control: FaultControl

  constructor(servers: readonly ExchangeServer[], faults: Faults) {
    this.#servers = servers
    this.#faults = faults
    this.#control = new FaultControl(this)
  }

  async open(host: string, port: number): Promise<void> {
    await this.#control.open(host, port)
    for (const [index, server] of this.#servers.entries()) {
      await server.open(port === 0 ? 0 : port + 1 + index)
    }
  }

  async stop(): Promise<void> {
    await this.#control.close()
    await Promise.all(this.#servers.map((server) => server.close()))
  }

  /** Where faults are set over HTTP. */
  get controlUrl(): string {
    return `${this.#control.origin}/faults`
  }

  server(exchange: SimulatedExchange): ExchangeServer {
    return this.#servers.find((server) => server.exchange === exchange)!
  }

  /** What makes depthline ask them instead of the real exchanges. */
  environment(): Record<string, string> {
    return Object.fromEntries(
      this.#servers.map(({ exchange, origin }) => {
        return [`DEPTHLINE_EXCHANGE_URL_${exchange.toUpperCase()}`, origin]
      }),
    )
  }

  async setFault(exchange: SimulatedExchange, fault: Fault): Promise<void> {
    this.#faults.set(exchange, fault)
    if (fault.kind === 'refused') await this.server(exchange).close()
  }

  /** All is well again, with one exchange or with all. */
  async clearFaults(exchange?: SimulatedExchange): Promise<void> {
    this.#faults.clear(exchange)
    for (const server of this.#servers) {
      if (exchange === undefined || server.exchange === exchange) await server.open()
    }
  }

  listFaults() {
    return this.#faults.list()
  }
}
