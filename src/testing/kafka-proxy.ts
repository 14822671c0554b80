/** A bad network between one client and a Kafka broker: faults aimed at single requests and replies. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Address,
  Api,
  correlationIdOf,
  FrameSplitter,
  type KafkaReply,
  type KafkaRequest,
  names,
  parseRequest,
  redirect,
} from './kafka-frames.js'

/** Which request is meant: the next of the client and api that names the topic, or the nth. */
export interface Aim {
  readonly clientId: string
  readonly api: number
  readonly topic?: string
  readonly nth?: number
}

/**
 * What becomes of it. `delay` delivers the request late, even when the client has
 * given up meanwhile, as a network does; `half-open` takes whatever the client
 * sends on any connection and never answers; `cut` closes all its connections.
 */
export type FaultKind =
  | 'deliver'
  | 'answer'
  | 'drop'
  | 'lose reply'
  | 'lose reply and close'
  | 'delay'
  | 'half-open'
  | 'cut'

export interface Fault {
  readonly kind: FaultKind
  /** How long a request is delayed, or the client's connections stay half open. */
  readonly ms?: number
  /** Called in the same moment, right after the fault. */
  readonly onStrike?: () => void
}

interface ArmedFault {
  readonly aim: Aim
  readonly fault: Fault
  readonly hit: (atMs: number) => void
  left: number
}

const HOST = '127.0.0.1'
const AT_THE_REPLY: readonly FaultKind[] = ['answer', 'lose reply', 'lose reply and close']

/** Clients that are given its {@link address} stay behind it, for it names itself in each answer. */
export class KafkaProxy {
  /** Called for each request before anything becomes of it. */
  onRequest: (request: KafkaRequest) => void = () => {}
  /** Called for each reply of the broker, whether or not the client gets it. */
  onReply: (reply: KafkaReply) => void = () => {}
  readonly #server: Server
  readonly #broker: Address
  readonly #connections = new Set<Connection>()
  readonly #halfOpenUntil = new Map<string, number>()
  #armed: ArmedFault[] = []

  private constructor(broker: string) {
    const [host = '', port] = broker.split(':')
    this.#broker = { host, port: Number(port) }
    this.#server = createServer({ noDelay: true }, (client) => this.#accept(client))
  }

  /** @param broker `host:port` of the only broker, as it advertises itself */
  static async open(broker: string): Promise<KafkaProxy> {
    const proxy = new KafkaProxy(broker)
    await once(proxy.#server.listen(0, HOST), 'listening')
    return proxy
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get address(): string {
    return `${HOST}:${this.#port}`
  }

  /** Resolves with the time when the fault has struck. */
  arm(aim: Aim, fault: Fault): Promise<number> {
    return new Promise((hit) => {
      this.#armed.push({ aim, fault, hit, left: aim.nth ?? 1 })
    })
  }

  /** Forgets all faults that have not struck. */
  disarm(): void {
    this.#armed = []
    this.#halfOpenUntil.clear()
  }

  /** Closes all connections of the client. */
  cut(clientId: string): void {
    for (const connection of this.#of(clientId)) connection.destroy()
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) connection.destroy()
    await once(this.#server.close(), 'close')
  }

  #of(clientId: string): Connection[] {
    return [...this.#connections].filter((connection) => connection.clientId === clientId)
  }

  #accept(client: Socket): void {
    const connection = new Connection(client, connect({ ...this.#broker, noDelay: true }))
    this.#connections.add(connection)
    const requests = connection.forward(client, (frame) => this.#takeRequest(connection, frame))
    const replies = connection.forward(connection.broker, (frame) =>
      this.#takeReply(connection, frame),
    )
    // What was taken from the client is delivered, as a network would, before its side is closed.
    requests.then(() => connection.broker.end())
    replies.then(() => connection.isMute || client.destroy())
    Promise.all([requests, replies]).then(() => this.#connections.delete(connection))
  }

  async #takeRequest(connection: Connection, frame: Buffer): Promise<void> {
    const request = parseRequest(frame)
    connection.clientId = request.clientId
    this.onRequest(request)
    if ((this.#halfOpenUntil.get(request.clientId) ?? 0) > Date.now()) connection.isMute = true
    if (connection.isMute) return
    const armed = this.#take(request)
    if (armed !== undefined && AT_THE_REPLY.includes(armed.fault.kind)) {
      connection.atReply.set(request.correlationId, armed)
    } else if (armed !== undefined) {
      return this.#strike(armed, connection, request)
    }
    connection.send(request)
  }

  async #strike(armed: ArmedFault, connection: Connection, request: KafkaRequest): Promise<void> {
    const { kind, ms = 0, onStrike } = armed.fault
    const { clientId } = request
    if (kind === 'deliver') connection.send(request)
    if (kind === 'cut') this.cut(clientId)
    if (kind === 'half-open') {
      this.#halfOpenUntil.set(clientId, Date.now() + ms)
      for (const other of this.#of(clientId)) other.isMute = true
    }
    armed.hit(Date.now())
    onStrike?.()
    if (kind !== 'delay') return
    await sleep(ms)
    connection.send(request)
  }

  async #takeReply(connection: Connection, fromBroker: Buffer): Promise<void> {
    const id = correlationIdOf(fromBroker)
    const request = connection.inFlight.get(id)
    connection.inFlight.delete(id)
    if (request === undefined) return
    const saysAddress = request.api === Api.Metadata || request.api === Api.FindCoordinator
    const route = { from: this.#broker, to: { host: HOST, port: this.#port } }
    const frame = saysAddress ? redirect(fromBroker, route) : fromBroker
    this.onReply({ request, frame })
    if (connection.isMute) return
    const armed = connection.atReply.get(id)
    connection.atReply.delete(id)
    if (armed === undefined || armed.fault.kind === 'answer') connection.client.write(frame)
    if (armed?.fault.kind === 'lose reply and close') connection.destroy()
    armed?.hit(Date.now())
    armed?.fault.onStrike?.()
  }

  #take(request: KafkaRequest): ArmedFault | undefined {
    const meant = this.#armed.filter(({ aim }) => isMeant(aim, request))
    for (const armed of meant) armed.left--
    const due = meant.find(({ left }) => left <= 0)
    if (due !== undefined) this.#armed = this.#armed.filter((armed) => armed !== due)
    return due
  }
}

function isMeant({ clientId, api, topic }: Aim, request: KafkaRequest): boolean {
  if (clientId !== request.clientId || api !== request.api) return false
  return topic === undefined || names(request, topic)
}

class Connection {
  clientId = ''
  /** Half open: whatever comes is taken, and nothing goes out, for ever. */
  isMute = false
  readonly inFlight = new Map<number, KafkaRequest>()
  readonly atReply = new Map<number, ArmedFault>()

  constructor(
    readonly client: Socket,
    readonly broker: Socket,
  ) {
    // Either side may vanish at any time; its stream ends then, and that is enough.
    client.on('error', () => {})
    broker.on('error', () => {})
  }

  send(request: KafkaRequest): void {
    this.inFlight.set(request.correlationId, request)
    this.broker.write(request.frame)
  }

  destroy(): void {
    this.client.destroy()
    this.broker.destroy()
  }

  /** Hands on each frame, one after another, until the side ends. */
  async forward(from: Socket, take: (frame: Buffer) => Promise<void>): Promise<void> {
    const splitter = new FrameSplitter()
    try {
      for await (const chunk of from) {
        for (const frame of splitter.push(chunk)) await take(frame)
      }
    } catch {
      // The connection was lost, which is the same as its end.
    }
  }
}
