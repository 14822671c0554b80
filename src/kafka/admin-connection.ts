/** Questions to Kafka over one connection, which is thrown away where an answer does not come. */
import type { Admin, Kafka } from 'kafkajs'
import { kafkaError, quietly, within } from './failures.js'

const ANSWER_LIMIT_MS = 5_000
const CONNECT_LIMIT_MS = 5_000
const ATTEMPTS = 2

/**
 * KafkaJS keeps a connection on which requests time out: half open, as a lost peer
 * leaves it, it would never answer again.
 */
export class AdminConnection {
  readonly #kafka: Kafka
  #admin: Promise<Admin> | undefined

  constructor(kafka: Kafka) {
    this.#kafka = kafka
  }

  /** Connects, so that the first question need not. */
  async connect(): Promise<void> {
    await this.#connected()
  }

  /**
   * Asks, and where that fails once more over a new connection.
   *
   * @param what for the error, such as "listing topics"
   * @throws DepthlineError KAFKA_FAILED or KAFKA_UNREACHABLE, retriable
   */
  async ask<T>(
    what: string,
    question: (admin: Admin) => Promise<T>,
    limitMs = ANSWER_LIMIT_MS,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        const admin = await this.#connected()
        return await within(limitMs, question(admin), what)
      } catch (error) {
        await this.disconnect()
        if (attempt === ATTEMPTS) throw kafkaError(error, what)
      }
    }
  }

  /** A broker that does not answer is not waited for. */
  async disconnect(): Promise<void> {
    const admin = this.#admin
    this.#admin = undefined
    if (admin !== undefined) await quietly(admin.then((connected) => connected.disconnect()))
  }

  #connected(): Promise<Admin> {
    this.#admin ??= this.#open()
    return this.#admin
  }

  async #open(): Promise<Admin> {
    const admin = this.#kafka.admin()
    await within(CONNECT_LIMIT_MS, admin.connect(), 'connecting')
    return admin
  }
}
