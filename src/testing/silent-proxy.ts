/** A TCP proxy that can fall silent in the middle of a conversation, with its connections open. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export class SilentProxy {
  readonly #server: Server
  #silencer: string | undefined
  #isSilent = false

  private constructor(target: { host: string; port: number }) {
    this.#server = createServer((client) => {
      const server = connect(target)
      const conversation = { isSilenced: false }
      this.#pipe(conversation, client, server)
      this.#pipe(conversation, server, client)
    })
  }

  static async open(target: { host: string; port: number }): Promise<SilentProxy> {
    const proxy = new SilentProxy(target)
    await once(proxy.#server.listen(0, '127.0.0.1'), 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get isSilent(): boolean {
    return this.#isSilent
  }

  /** From the first piece on that holds `text`, which is not passed on, nothing is. */
  fallSilentAt(text: string): void {
    this.#silencer = text
  }

  /** New connections are served again; those that were silenced stay silent. */
  serveAgain(): void {
    this.#silencer = undefined
    this.#isSilent = false
  }

  close(): void {
    this.#server.close()
  }

  #pipe(conversation: { isSilenced: boolean }, from: Socket, to: Socket): void {
    from.on('data', (bytes) => {
      if (this.#silencer !== undefined && bytes.includes(this.#silencer)) this.#isSilent = true
      conversation.isSilenced ||= this.#isSilent
      if (!conversation.isSilenced) to.write(bytes)
    })
    // A silent connection does not say either that it has ended.
    from.on('close', () => conversation.isSilenced || to.destroy())
    from.on('error', () => {})
  }
}
