/** A real Kafka broker for integration tests, which they may kill. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { DepthlineError } from '../errors.js'
import { freePorts, watchChild } from './child-server.js'
import { startContainerBroker } from './container-broker.js'
import { imageOf } from './containers.js'
import type { TestBroker } from './test-broker.js'

const SCRIPT = fileURLToPath(new URL('../../scripts/kafka.sh', import.meta.url))
const START_LIMIT_MS = 60_000
const STOP_LIMIT_MS = 15_000
const ATTEMPTS = 5
const KEPT_LINES = 30
const REMOVAL = { recursive: true, force: true, maxRetries: 5 }

// The first compiler is enough for a short life, and it makes the start quicker.
const JVM_FLAGS = ['-Xms256m', '-Xmx512m', '-XX:TieredStopAtLevel=1']

const SETTINGS = {
  // Without these a broker that was killed waits 13 s for its own old session to end.
  'broker.session.timeout.ms': '1500',
  'broker.heartbeat.interval.ms': '300',
  // Records that a topic does not keep go soon, and not once in five minutes: a test that lost
  // records of its own that way failed one time in hundreds.
  'log.retention.check.interval.ms': '1000',
}

export interface BrokerOptions {
  /** Broker settings on top of those in `scripts/kafka.sh`. */
  readonly settings?: Readonly<Record<string, string>>
  /** Instead of those for a short life. */
  readonly jvmFlags?: readonly string[]
  /** Users that log in by SCRAM, each as `kafka-storage format --add-scram` takes it; a container takes none. */
  readonly scramUsers?: readonly string[]
  /** Of clients and of the controller, instead of free ones; a container takes none. */
  readonly ports?: readonly [number, ...number[]]
}

/**
 * Starts a fresh broker on a free port, with its data in a temporary folder or a container.
 *
 * With `KAFKA_BROKERS` it starts nothing and answers with that one, which
 * cannot be killed. Else testcontainers starts it where a Docker engine answers
 * and gives the image; else it needs Java 17 and, the first time, Maven.
 * `KAFKA_WAY=jars` asks no engine.
 *
 * @throws DepthlineError KAFKA_UNREACHABLE with the broker's last lines
 */
export async function startBroker(options: BrokerOptions = {}): Promise<TestBroker> {
  const given = process.env.KAFKA_BROKERS
  if (given) return borrowedBroker(given)
  if (process.env.KAFKA_WAY !== 'jars') {
    const image = await imageOf('kafka', "the broker runs from Kafka's jars")
    if (image !== undefined) return inContainer(image, options)
    // Said and found out once: the processes of the test files inherit it.
    process.env.KAFKA_WAY = 'jars'
  }
  return startJarsBroker(options)
}

/** The same from the jars, for what no other broker can be asked to be. */
export async function startJarsBroker(options: BrokerOptions): Promise<TestBroker> {
  for (let attempt = 1; ; attempt++) {
    const broker = await LocalBroker.prepare(options)
    try {
      await broker.restart()
      return broker
    } catch (error) {
      await broker.stop()
      // Between asking for the ports and using them somebody else may have taken one.
      if (!broker.portWasTaken || attempt === ATTEMPTS) throw error
    }
  }
}

async function inContainer(image: string, options: BrokerOptions): Promise<TestBroker> {
  const [port] = await freePorts()
  const { jvmFlags = JVM_FLAGS } = options
  try {
    return await startContainerBroker({
      ...{ image, port, jvmFlags, script: SCRIPT },
      extra: extraSettings(options),
    })
  } catch (cause) {
    throw new DepthlineError('KAFKA_UNREACHABLE', (cause as Error).message, { cause })
  }
}

function extraSettings({ settings }: BrokerOptions): string {
  const extra = Object.entries({ ...SETTINGS, ...settings })
  return extra.map(([key, value]) => `${key}=${value}`).join('\n')
}

/** One from the jars that is not started yet. */
export function prepareBroker(options: BrokerOptions): Promise<TestBroker> {
  return LocalBroker.prepare(options)
}

class LocalBroker implements TestBroker {
  readonly brokers: string
  readonly #folder: string
  readonly #libs: string
  readonly #jvmFlags: readonly string[]
  #child: ChildProcess | undefined
  #lines: string[] = []

  private constructor(
    place: { port: number; folder: string; libs: string },
    jvmFlags: readonly string[] = JVM_FLAGS,
  ) {
    this.brokers = `127.0.0.1:${place.port}`
    this.#folder = place.folder
    this.#libs = place.libs
    this.#jvmFlags = jvmFlags
  }

  static async prepare(options: BrokerOptions): Promise<LocalBroker> {
    const [port, controllerPort] = options.ports ?? (await freePorts())
    const folder = mkdtempSync(join(tmpdir(), 'depthline-kafka-'))
    const env = {
      ...process.env,
      KAFKA_DIR: folder,
      KAFKA_PORT: String(port),
      KAFKA_CONTROLLER_PORT: String(controllerPort),
      KAFKA_EXTRA: extraSettings(options),
      KAFKA_SCRAM_USERS: (options.scramUsers ?? []).join(' '),
    }
    try {
      const { stdout } = await promisify(execFile)(SCRIPT, ['prepare'], { env })
      return new LocalBroker({ port, folder, libs: stdout.trim() }, options.jvmFlags)
    } catch (cause) {
      rmSync(folder, REMOVAL)
      const said = (cause as { stderr?: string }).stderr ?? ''
      throw new DepthlineError('KAFKA_UNREACHABLE', `no broker could be prepared: ${said}`, {
        cause,
      })
    }
  }

  get portWasTaken(): boolean {
    return this.#lines.some((line) => line.includes('Address already in use'))
  }

  async restart(): Promise<void> {
    await this.kill()
    const settings = join(this.#folder, 'server.properties')
    const args = [...this.#jvmFlags, '-cp', join(this.#libs, '*'), 'kafka.Kafka', settings]
    const child = spawn('java', args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    this.#lines = []
    const watcher = watchChild({ child, folder: this.#folder })
    child.once('exit', () => {
      watcher.kill('SIGKILL')
      if (this.#child === child) this.#child = undefined
    })
    try {
      await this.#started(child)
    } catch (cause) {
      await this.kill()
      const end = `${(cause as Error).message}; its last lines:\n${this.#lines.join('\n')}`
      throw new DepthlineError('KAFKA_UNREACHABLE', end, { cause })
    }
  }

  #started(child: ChildProcess): Promise<void> {
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        reject(new Error(`the broker was not ready after ${START_LIMIT_MS / 1000} s`))
      }, START_LIMIT_MS)
      child.once('error', reject)
      child.once('close', (code) => reject(new Error(`the broker ended with ${code}`)))
      child.once('close', () => clearTimeout(limit))
      for (const output of [child.stdout!, child.stderr!]) {
        createInterface(output).on('line', (line) => {
          if (this.#lines.push(line) > KEPT_LINES) this.#lines.shift()
          if (!line.includes('Kafka Server started')) return
          clearTimeout(limit)
          resolve()
        })
      }
    })
  }

  async pause(): Promise<void> {
    this.#child?.kill('SIGSTOP')
  }

  async resume(): Promise<void> {
    this.#child?.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async stop(): Promise<void> {
    const insist = setTimeout(() => this.#child?.kill('SIGKILL'), STOP_LIMIT_MS)
    await this.#end('SIGTERM')
    clearTimeout(insist)
    rmSync(this.#folder, REMOVAL)
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (child?.pid === undefined) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
}

function borrowedBroker(brokers: string): TestBroker {
  const refuse = async () => {
    throw new Error('the broker in KAFKA_BROKERS is not the tests’ own: it is never killed')
  }
  const never = { kill: refuse, pause: refuse, resume: refuse, restart: refuse }
  return { brokers, stop: async () => {}, ...never }
}
