/** `run` as shards with a merger and its standby, or as one process, under load, with the judge at the end. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Kafka } from 'kafkajs'
import { isKept, judge, type Verdict } from '../src/testing/judge.js'
import { judgeStale, type StaleVerdict } from '../src/testing/judge-stale.js'
import { endsOf, plainKafka, readMarks, readWhole } from '../src/testing/plain-topic.js'
import { FastLoad } from './fast-load.js'
import { Depthline } from './processes.js'
import { TickWatcher } from './tick-watcher.js'

const SNAPSHOTS = ['--snapshot-seconds', '5'] as const
export const ROLES = {
  all: ['--standby', ...SNAPSHOTS],
  shard: ['--role', 'shard', ...SNAPSHOTS],
  merge: ['--role', 'merge', '--standby'],
} as const
export type Role = keyof typeof ROLES

export interface FleetOptions {
  readonly brokers: string
  readonly name: string
  readonly partitions: number
  /** Events a second. */
  readonly rate: number
  readonly seed: number
  /** Copies of each partition of the input; the other topics are made by the processes. */
  readonly copies?: number
}

export interface FleetVerdict extends Verdict, Partial<StaleVerdict> {
  /** That Kafka took, on average. */
  readonly eventsPerSecond: number
  readonly events: number
  readonly isKept: boolean
}

const LAST_TICK_LIMIT_MS = 120_000
const FENCED = 6

/** A process of the fleet; it is a failure where it ends otherwise than it may. */
export class Member {
  readonly role: Role
  readonly process: Depthline
  /** Exit codes; null is that of a kill. */
  mayEndWith: readonly (number | null)[] = []
  isPaused = false

  constructor(role: Role, process: Depthline) {
    this.role = role
    this.process = process
  }
}

export class Fleet {
  readonly kafka: Kafka
  readonly watcher: TickWatcher
  readonly input: string
  readonly output: string
  readonly members = new Set<Member>()
  readonly failures: string[] = []
  /** Mergers that another has taken over from. */
  fenced = 0
  readonly #options: FleetOptions
  readonly #folder = mkdtempSync(join(tmpdir(), 'depthline-fleet-'))
  #load!: FastLoad
  #loadFromMs = 0

  private constructor(options: FleetOptions) {
    const name = `${options.name}-${randomUUID().slice(0, 6)}`
    process.once('exit', () => this.#removeData())
    this.#options = options
    this.input = `${name}.orders`
    this.output = `${name}.book`
    this.kafka = plainKafka(options.brokers, 'harness')
    this.watcher = new TickWatcher(this.kafka, this.output)
  }

  /** @param roles of the processes that it begins with; it ends at the first tick with events */
  static async open(options: FleetOptions, roles: readonly Role[]): Promise<Fleet> {
    const fleet = new Fleet(options)
    const { partitions, copies = 1 } = options
    const admin = fleet.kafka.admin()
    await admin.connect()
    const topic = { topic: fleet.input, numPartitions: partitions, replicationFactor: copies }
    await admin.createTopics({ topics: [topic], waitForLeaders: true })
    await admin.disconnect()
    fleet.#load = await FastLoad.open(fleet.kafka, { ...options, topic: fleet.input })
    for (const role of roles) await fleet.start(role).process.logged('"msg":"running"')
    await fleet.watcher.renew()
    fleet.#loadFromMs = Date.now()
    fleet.#load.start()
    await fleet.watcher.where(({ offsets }) => sum(offsets) > options.rate, LAST_TICK_LIMIT_MS)
    return fleet
  }

  /** @param folder where its snapshots are: those of one host share one */
  start(role: Role, folder = 'host'): Member {
    const { input, output } = this
    const topics = ['--input', input, '--output', output, '--dead-letters', `${output}.dead`]
    const child = new Depthline(['run', ...topics, ...ROLES[role]], {
      KAFKA_BROKERS: this.#options.brokers,
      DEPTHLINE_DATA: join(this.#folder, folder),
      LOG_LEVEL: 'info',
    })
    const member = new Member(role, child)
    // Of two mergers one may take over from the other, however well that is.
    if (role === 'merge') member.mayEndWith = [FENCED]
    this.members.add(member)
    child.ended.then((code) => {
      this.members.delete(member)
      if (member.role === 'merge' && code === FENCED) this.fenced++
      if (member.mayEndWith.includes(code)) return
      const end = child.lines.slice(-4).join(' | ')
      this.fail(`${role} ended with ${code}; its log ends: ${end}`)
    })
    return member
  }

  /** Ends it, also where it is paused. */
  async end(member: Member, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const { mayEndWith, process } = member
    member.mayEndWith = [...mayEndWith, signal === 'SIGKILL' ? null : 0]
    process.signal('SIGCONT')
    await process.stop(signal)
  }

  of(role: Role): Member[] {
    return [...this.members].filter((member) => member.role === role)
  }

  fail(text: string): void {
    this.failures.push(text)
  }

  /** Stops the load, waits until all of it is published, ends everything, and judges. */
  async close(): Promise<FleetVerdict> {
    await this.#load.stop()
    const seconds = (Date.now() - this.#loadFromMs) / 1000
    const events = this.#load.acknowledged.size
    await this.watcher.renew()
    const wanted = sum(await endsOf(this.kafka, this.input))
    await this.watcher
      .where(({ offsets, isStale }) => sum(offsets) === wanted && !isStale, LAST_TICK_LIMIT_MS)
      .catch(() => this.fail('at the end: not all input was published, or a part stayed stale'))
    await this.watcher.stop()
    await this.#endAll()
    this.#removeData()
    const verdict = await this.#judge()
    const eventsPerSecond = Math.round(events / seconds)
    const isGood = isKept(verdict) && this.failures.length === 0
    return { ...verdict, events, eventsPerSecond, isKept: isGood }
  }

  /** Mergers first: a tick that lacks the shards that have left would be stale. */
  async #endAll(): Promise<void> {
    for (const role of ['merge', 'all', 'shard'] as const) {
      await Promise.all(this.of(role).map((member) => this.end(member, 'SIGTERM')))
    }
  }

  async #judge(): Promise<Verdict & Partial<StaleVerdict>> {
    const { brokers } = this.#options
    const { input, output } = this
    const { acknowledged } = this.#load
    const topics = { brokers, input, output, deadLetters: `${output}.dead` }
    const verdict = await judge({ ...topics, acknowledged })
    if (!(await isThere(this.kafka, `${output}.levels`))) return verdict
    const marks = await readMarks(this.kafka, `${output}.levels`)
    const ticks = await readWhole(this.kafka, output)
    const findings = [...verdict.findings]
    const stale = judgeStale(ticks, marks, (text) => findings.push(text))
    return { ...verdict, ...stale, findings: findings.slice(0, 20) }
  }

  #removeData(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

async function isThere(kafka: Kafka, topic: string): Promise<boolean> {
  const admin = kafka.admin()
  await admin.connect()
  const topics = await admin.listTopics()
  await admin.disconnect()
  return topics.includes(topic)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
