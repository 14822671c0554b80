/** What a broker for tests can do, whatever it runs on. */

export interface TestBroker {
  /** `host:port`; with `KAFKA_BROKERS` that value, which may be a list. */
  readonly brokers: string
  /** Ends the broker and deletes its data. */
  stop(): Promise<void>
  /** Ends it as `kill -9` does; the data stays. */
  kill(): Promise<void>
  /** Makes it stand still, connections and all, until {@link resume}. */
  pause(): Promise<void>
  resume(): Promise<void>
  /** Starts it again on the same port and data, killing it first if it runs. */
  restart(): Promise<void>
}
