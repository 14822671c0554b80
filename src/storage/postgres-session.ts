/** A connection to PostgreSQL that is made when it is needed, and transactions that end in time. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { DepthlineError } from '../errors.js'
import { postgresFailed } from './postgres-failures.js'

const CONNECT_LIMIT_MS = 5_000
/** The server ends a call of ours after this … */
const CALL_LIMIT_MS = 10_000
/** … and where not even that answer comes, the connection is given up. */
const ANSWER_LIMIT_MS = 12_000
const CLOSE_LIMIT_MS = 1_000

/** All writers in a database take turns, by this number that stands for depthline. */
const TURN = 7_305_804_402_566_263_144n

// Set in each transaction, for a pooler in between hands no settings of a session on. A process
// that is frozen in the middle of one must not keep the others out, and a server that answers a
// commit before it is on the disk must not do so here.
const BEGIN = [
  'BEGIN',
  `SET LOCAL statement_timeout = ${CALL_LIMIT_MS}`,
  `SET LOCAL idle_in_transaction_session_timeout = ${CALL_LIMIT_MS}`,
  'SET LOCAL synchronous_commit = on',
  `SELECT pg_advisory_xact_lock(${TURN})`,
].join('; ')

export class PostgresSession {
  /** Host and port for messages; never the user or the password. */
  readonly place: string
  readonly #url: string
  #client: Client | undefined
  /** Ends a transaction that is under way. */
  #abandon: () => void = () => {}

  /** @throws DepthlineError USAGE where the URL is none; the message does not repeat it */
  constructor(url: string) {
    this.#url = url
    const { host, port } = this.#newClient()
    this.place = `PostgreSQL at ${host}:${port}`
  }

  /**
   * After any error the connection is thrown away: nobody knows what it would answer next.
   *
   * @throws DepthlineError POSTGRES_FAILED, retriable where waiting may help; whether anything
   * was committed is not known then
   */
  async transaction(work: (client: Client) => Promise<void>): Promise<void> {
    // A client that is ended while it connects never says so.
    const closed = new Promise<never>((_, reject) => {
      this.#abandon = () => reject(this.#closed())
    })
    try {
      await Promise.race([this.#run(work), closed])
    } catch (error) {
      await this.close()
      throw postgresFailed(this.place, error)
    }
  }

  /** Never fails, and does not wait for a server that is silent. */
  async close(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    this.#abandon()
    if (client === undefined) return
    const limit = new AbortController()
    await Promise.race([
      client.end().catch(() => {}),
      sleep(CLOSE_LIMIT_MS, undefined, { signal: limit.signal }).catch(() => {}),
    ])
    limit.abort()
  }

  async #run(work: (client: Client) => Promise<void>): Promise<void> {
    const client = await this.#connected()
    await client.query(BEGIN)
    await work(client)
    await client.query('COMMIT')
  }

  #closed(): DepthlineError {
    const message = `${this.place}: closed in the middle of a call`
    return new DepthlineError('POSTGRES_FAILED', message, { retriable: true })
  }

  async #connected(): Promise<Client> {
    if (this.#client !== undefined) return this.#client
    const client = this.#newClient()
    this.#client = client
    // A connection that ends between two rounds is made anew for the next one.
    client.on('error', () => {
      if (this.#client === client) this.#client = undefined
    })
    await client.connect()
    return client
  }

  #newClient(): Client {
    try {
      return new Client({
        connectionString: this.#url,
        connectionTimeoutMillis: CONNECT_LIMIT_MS,
        query_timeout: ANSWER_LIMIT_MS,
        keepAlive: true,
        fallback_application_name: 'depthline',
      })
    } catch (error) {
      // Its message, as its cause, might hold the URL, and with it the password.
      const { path } = error as NodeJS.ErrnoException
      const what = path === undefined ? 'not a URL that PostgreSQL takes' : `cannot read ${path}`
      throw new DepthlineError('USAGE', `DEPTHLINE_POSTGRES_URL: ${what}`)
    }
  }
}
