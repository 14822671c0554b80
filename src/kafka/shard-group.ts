/** Membership in the group of processes that share the input's partitions; it reads nothing itself. */
import type { Consumer } from 'kafkajs'
import { DepthlineError } from '../errors.js'
import type { Client, Cluster } from './client.js'
import { refused, within } from './failures.js'
import { asFailure, assertStillThere, isSettling, stalled } from './read-failures.js'
import { stickyAssigner } from './sticky-assigner.js'

type Assign = (partitions: readonly number[]) => void

/** The least that brokers allow by default: so long a killed member's partitions are nobody's. */
const SESSION_MS = 6_000
const HEARTBEAT_MS = 1_500
/** So long the others wait for a member that does not answer to a change. */
const REBALANCE_MS = 6_000
/** Between two looks whether a heartbeat is due. */
const LOOK_MS = 250
const START_LIMIT_MS = 30_000
/** A member whose heartbeats end for so long is no member any more. */
const STALL_LIMIT_MS = 15_000
const RETRY_MS = 500
const LEAVING_LIMIT_MS = 2_000

/**
 * All partitions stay paused, so nothing is fetched; the shards read for themselves, from
 * positions of their own. A consumer that fails is thrown away for a new one, and the shards
 * go on meanwhile: fencing, not membership, keeps a second writer out.
 */
export class KafkaShardGroup {
  readonly #cluster: Cluster
  readonly #topic: string
  readonly #groupId: string
  /** The member that counts; others are on their way out. */
  #consumer: Consumer | undefined
  #owned: readonly number[] = []

  constructor(cluster: Cluster, { topic, job }: { topic: string; job: string }) {
    this.#cluster = cluster
    this.#topic = topic
    this.#groupId = `${job}.shards`
  }

  /** @throws DepthlineError where Kafka refuses for good, or the topic is gone */
  async join(assign: Assign, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#takePart(assign, signal)
      } catch (error) {
        if (!(error instanceof DepthlineError && error.retriable)) throw error
        const level = isSettling(error) ? 'info' : 'warn'
        this.#cluster.log[level]({ reason: error.message }, 'joining the group again')
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
        await assertStillThere(this.#cluster, this.#topic)
      }
    }
  }

  /** Is a member until `signal` aborts, or membership fails. */
  async #takePart(assign: Assign, signal: AbortSignal): Promise<void> {
    const client = this.#cluster.newClient()
    const consumer = this.#newConsumer(client)
    this.#consumer = consumer
    const watch = new MemberWatch(consumer, this.#topic)
    this.#follow(consumer, assign)
    const start = async () => {
      await consumer.connect()
      await consumer.subscribe({ topics: [this.#topic] })
      await consumer.run({ autoCommit: false, eachBatch: async () => {} })
    }
    try {
      const started = within(START_LIMIT_MS, start(), `joining ${this.#groupId}`)
      const stopped = new Promise<void>((resolve) => {
        if (signal.aborted) resolve()
        signal.addEventListener('abort', () => resolve(), { once: true })
      })
      await Promise.race([started.then(() => stopped), stopped, watch.failed])
    } catch (error) {
      const said = client.refusal()
      if (said === undefined) throw asFailure(error, this.#topic)
      throw refused(`joining the group ${this.#groupId}`, said, error)
    } finally {
      watch.end()
      this.#consumer = undefined
      // Leaving is what lets others take over at once, but nobody waits long for it.
      await within(LEAVING_LIMIT_MS, consumer.disconnect(), 'leaving').catch(() => {})
    }
  }

  #newConsumer({ kafka }: Client): Consumer {
    return kafka.consumer({
      groupId: this.#groupId,
      sessionTimeout: SESSION_MS,
      heartbeatInterval: HEARTBEAT_MS,
      rebalanceTimeout: REBALANCE_MS,
      maxWaitTimeInMs: LOOK_MS,
      metadataMaxAge: 30_000,
      partitionAssigners: [stickyAssigner(() => this.#owned)],
      retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 5, restartOnFailure: never },
    })
  }

  #follow(consumer: Consumer, assign: Assign): void {
    const topic = this.#topic
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      if (this.#consumer !== consumer) return
      const partitions = payload.memberAssignment[topic] ?? []
      consumer.pause([{ topic, partitions: [...partitions] }])
      this.#owned = [...partitions]
      assign(this.#owned)
    })
  }
}

/** Whether a consumer is still a member. */
class MemberWatch {
  /** Rejects when it is not. */
  readonly failed: Promise<never>
  readonly #timer: ReturnType<typeof setInterval>
  #lastSign = performance.now()

  constructor(consumer: Consumer, topic: string) {
    const { GROUP_JOIN, HEARTBEAT, CRASH } = consumer.events
    const note = () => {
      this.#lastSign = performance.now()
    }
    consumer.on(GROUP_JOIN, note)
    consumer.on(HEARTBEAT, note)
    let fail: (error: unknown) => void = () => {}
    this.failed = new Promise((_, reject) => {
      fail = reject
    })
    this.failed.catch(() => {})
    consumer.on(CRASH, ({ payload }) => fail(asFailure(payload.error, topic)))
    this.#timer = setInterval(() => {
      const silence = performance.now() - this.#lastSign
      if (silence > STALL_LIMIT_MS) fail(stalled(topic, STALL_LIMIT_MS))
    }, LOOK_MS)
  }

  end(): void {
    clearInterval(this.#timer)
  }
}

const never = async () => false
