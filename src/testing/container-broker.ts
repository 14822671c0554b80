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
      ...listeners(`${host}:${plan.port}`),
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

/** The broker asks itself whether a transaction is open, and inside the container has no such address as ours. */
function listeners(address: string): Record<string, string> {
  return {
    KAFKA_LISTENERS: `OUTSIDE://:${PORT},INSIDE://localhost:19092,CONTROLLER://localhost:9093`,
    KAFKA_ADVERTISED_LISTENERS: `OUTSIDE://${address},INSIDE://localhost:19092`,
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'OUTSIDE:PLAINTEXT,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT',
    KAFKA_INTER_BROKER_LISTENER_NAME: 'INSIDE',
    KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
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
