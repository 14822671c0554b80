/** A test broker in a container of its own, where a Docker engine answers. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { containerHost, TestContainer } from './containers.js'
import type { TestBroker } from './test-broker.js'

const PORT = 9092
const DATA = '/var/lib/kafka/data'

export interface ContainerBrokerPlan {
  readonly image: string
  /** On this machine. */
  readonly port: number
  /** scripts/kafka.sh, which knows the settings of a broker. */
  readonly script: string
  /** Settings on top of those, one a line. */
  readonly extra: string
  readonly jvmFlags: readonly string[]
}

export async function startContainerBroker(plan: ContainerBrokerPlan): Promise<TestBroker> {
  const host = await containerHost()
  const env = { ...process.env, KAFKA_EXTRA: plan.extra }
  const { stdout } = await promisify(execFile)(plan.script, ['settings'], { env })
  const container = await TestContainer.start({
    image: plan.image,
    port: PORT,
    hostPort: plan.port,
    environment: {
      ...asEnvironment(stdout),
      CLUSTER_ID: 'depthlineTestBroker00A',
      KAFKA_LISTENERS: `PLAINTEXT://:${PORT},CONTROLLER://localhost:9093`,
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://${host}:${plan.port}`,
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_LOG_DIRS: DATA,
      KAFKA_HEAP_OPTS: plan.jvmFlags.join(' '),
    },
    readyText: 'Kafka Server started',
  })
  return {
    brokers: `${host}:${plan.port}`,
    stop: () => container.stop(),
    kill: () => container.kill(),
    pause: () => container.pause(),
    resume: () => container.resume(),
    restart: () => container.restart(),
  }
}

/** The image takes `some.setting` as KAFKA_SOME_SETTING; of two lines for one setting the last counts. */
function asEnvironment(settings: string): Record<string, string> {
  const lines = settings.split('\n').filter((line) => /^[a-z]/.test(line))
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=')
      return [`KAFKA_${line.slice(0, at).toUpperCase().replaceAll('.', '_')}`, line.slice(at + 1)]
    }),
  )
}
