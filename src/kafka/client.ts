/** The connection to Kafka: a KafkaJS client that logs through pino and fails in our terms. */
import { Kafka, type KafkaConfig, logLevel } from 'kafkajs'
import { DepthlineError } from '../errors.js'
import { AdminConnection } from './admin-connection.js'
import { rootMessage } from './failures.js'
import { useFastGzip } from './fast-gzip.js'
import { guardIdleQueues } from './idle-guard.js'

export interface KafkaSettings {
  /** `host:port` of one or more brokers. */
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly ssl?: KafkaConfig['ssl']
  readonly sasl?: KafkaConfig['sasl']
}

/** The part of a pino logger that this room uses. */
export interface KafkaLog {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

export interface Cluster {
  readonly settings: KafkaSettings
  readonly kafka: Kafka
  readonly admin: AdminConnection
  readonly log: KafkaLog
}

/**
 * Connects, or says why not.
 *
 * @throws DepthlineError KAFKA_UNREACHABLE, or STOPPED where `signal` aborts first
 */
export async function connect(
  settings: KafkaSettings,
  log: KafkaLog,
  signal: AbortSignal,
): Promise<Cluster> {
  guardIdleQueues()
  useFastGzip()
  const { brokers, clientId, ssl, sasl } = settings
  const kafka = new Kafka({
    brokers: [...brokers],
    clientId,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    // Short waits, so that a broker that comes back is soon noticed; our own loops have the patience.
    retry: { initialRetryTime: 50, maxRetryTime: 400, retries: 5 },
    logLevel: logLevel.INFO,
    logCreator: () => logTo(log),
  })
  const admin = new AdminConnection(kafka)
  const where = `Kafka at ${brokers.join(', ')} (KAFKA_BROKERS)`
  await Promise.race([admin.connect(), stopped(signal)]).catch((error) => {
    if (signal.aborted) throw error
    throw new DepthlineError('KAFKA_UNREACHABLE', `cannot reach ${where}: ${rootMessage(error)}`, {
      cause: error,
    })
  })
  return { settings, kafka, admin, log }
}

async function stopped(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  }
  throw new DepthlineError('STOPPED', 'stopped while connecting')
}

/** Ends the connection; a broker that does not answer is not waited for. */
export async function disconnect(cluster: Cluster): Promise<void> {
  await cluster.admin.disconnect()
}

/** KafkaJS calls errors what a restarting broker answers for a while; what matters we log ourselves. */
function logTo(log: KafkaLog) {
  return (entry: { log: { message: string; [field: string]: unknown } }) => {
    const { message, timestamp: _, logger: __, stack: ___, ...fields } = entry.log
    log.debug(fields, `kafkajs: ${message}`)
  }
}
