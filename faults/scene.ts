/** One section's stage: fresh topics under load, the processor behind the proxy, and the judge at the end. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Kafka } from 'kafkajs'
import { isKept, judge, type Verdict } from '../src/testing/judge.js'
import { type Aim, KafkaProxy } from '../src/testing/kafka-proxy.js'
import { endsOf, plainKafka } from '../src/testing/plain-topic.js'
import type { TestBroker } from '../src/testing/test-broker.js'
import { Load, PARTITIONS } from './load.js'
import { Depthline } from './processes.js'
import { TickWatcher } from './tick-watcher.js'

export interface SceneOptions {
  readonly broker: TestBroker
  readonly name: string
  /** Open orders before the load begins. */
  readonly orders: number
  readonly seed: number
  /** More flags for `run`. */
  readonly runFlags: readonly string[]
}

export class Scene {
  readonly broker: TestBroker
  readonly proxy: KafkaProxy
  readonly watcher: TickWatcher
  readonly input: string
  readonly output: string
  readonly deadLetters: string
  /** Where the processor may keep its snapshots. */
  readonly dataFolder = mkdtempSync(join(tmpdir(), 'depthline-faults-'))
  /** What went wrong besides what the judge finds. */
  readonly failures: string[] = []
  leader!: Depthline
  readonly #kafka: Kafka
  readonly #runFlags: readonly string[]
  #load!: Load
  #processes = 0

  private constructor(options: SceneOptions, proxy: KafkaProxy) {
    const name = `${options.name}-${randomUUID().slice(0, 6)}`
    process.once('exit', () => this.#removeData())
    this.broker = options.broker
    this.proxy = proxy
    this.input = `${name}.orders`
    this.output = `${name}.book`
    this.deadLetters = `${name}.dead`
    this.#runFlags = options.runFlags
    this.#kafka = plainKafka(options.broker.brokers, 'harness')
    this.watcher = new TickWatcher(this.#kafka, this.output)
  }

  /** Ends when the first tick with the whole preloaded state is there. */
  static async open(options: SceneOptions): Promise<Scene> {
    const scene = new Scene(options, await KafkaProxy.open(options.broker.brokers))
    await scene.#makeInput()
    scene.#load = await Load.open(scene.#kafka, scene.input, options.seed)
    await scene.#load.preload(options.orders)
    scene.leader = scene.start()
    await scene.leader.logged('"msg":"running"')
    await scene.watcher.renew()
    scene.#load.start()
    const isLoaded = (offsets: readonly number[]) => sum(offsets) > options.orders
    await scene.watcher.where(({ offsets }) => isLoaded(offsets))
    return scene
  }

  /** Starts a processor, which is known to the proxy by an id of its own. */
  start(flags: readonly string[] = [], beforeStart: (clientId: string) => void = () => {}) {
    const clientId = `processor-${this.#processes++}`
    beforeStart(clientId)
    const { input, output, deadLetters } = this
    const topics = ['--input', input, '--output', output, '--dead-letters', deadLetters]
    return new Depthline(['run', ...topics, ...this.#runFlags, ...flags], {
      KAFKA_BROKERS: this.proxy.address,
      KAFKA_CLIENT_ID: clientId,
      DEPTHLINE_DATA: this.dataFolder,
      LOG_LEVEL: 'info',
    })
  }

  /** Puts a new leader into the place of one that was killed. */
  replaceLeader(): void {
    this.leader = this.start()
  }

  /**
   * Milliseconds from `ms` to the first tick of a later second. A leader that ends by
   * itself meanwhile is a failure, and is replaced as a supervisor would.
   */
  async recovery(what: string, ms: number): Promise<number | undefined> {
    const { leader } = this
    const isOver = this.watcher.after(ms)
    const early = await Promise.race([
      isOver.then(() => undefined),
      leader.ended.then(String),
    ]).catch(() => undefined)
    if (early !== undefined && this.leader === leader) {
      this.fail(what, `the leader ended with ${early}`)
      this.replaceLeader()
    }
    try {
      return (await isOver).arrivedMs - ms
    } catch (error) {
      this.fail(what, (error as Error).message)
      await this.leader.stop('SIGKILL')
      this.replaceLeader()
      await this.watcher.after(Date.now())
      return undefined
    }
  }

  fail(what: string, how: string): void {
    this.failures.push(`${what}: ${how}; its log ends: ${this.leader.lines.slice(-4).join(' | ')}`)
  }

  /** The aim at a request of the leader. */
  aim(api: number, topic?: string): Aim {
    const { clientId } = this.leader
    return { clientId, api, ...(topic === undefined ? {} : { topic }) }
  }

  /** Stops the load, has everything applied, stops the processor, and judges all of it. */
  async close(): Promise<Verdict & { isKept: boolean }> {
    await this.#load.stop()
    const ends = await endsOf(this.#kafka, this.input)
    await this.watcher
      .where(({ offsets }) => sum(offsets) === sum(ends), 30_000)
      .catch((error) => this.fail('at the end', `not all input applied: ${error.message}`))
    const code = await this.leader.stop()
    if (code !== 0) this.fail('at the end', `SIGINT ended the leader with ${code}`)
    await this.watcher.stop()
    await this.proxy.close()
    this.#removeData()
    const { input, output, deadLetters } = this
    const { brokers } = this.broker
    const { acknowledged } = this.#load
    const verdict = await judge({ brokers, input, output, deadLetters, acknowledged })
    return { ...verdict, isKept: isKept(verdict) && this.failures.length === 0 }
  }

  #removeData(): void {
    rmSync(this.dataFolder, { recursive: true, force: true })
  }

  async #makeInput(): Promise<void> {
    const admin = this.#kafka.admin()
    await admin.connect()
    const topics = [{ topic: this.input, numPartitions: PARTITIONS }]
    await admin.createTopics({ topics, waitForLeaders: true })
    await admin.disconnect()
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
