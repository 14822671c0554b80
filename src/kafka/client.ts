/** The connection to Kafka: a KafkaJS client that logs through pino and fails in our terms. */
import { Kafka, type KafkaConfig, type LogEntry, logLevel } from 'kafkajs'
import { DepthlineError } from '../errors.js'
import { hideAbortedRecords } from './aborted-records.js'
import { AdminConnection } from './admin-connection.js'
import { connectionAdvice } from './connection-advice.js'
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
  /** For one producer or consumer alone, whose refusals are its own. */
  newClient(): Client
}

export interface Client {
  readonly kafka: Kafka
  /** Why Kafka does not say who coordinates a group or a transactional id; undefined where it does. */
  refusal(): string | undefined
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
  hideAbortedRecords()
  useFastGzip()
  const { brokers, clientId, ssl, sasl } = settings
  const config: KafkaConfig = {
    brokers: [...brokers],
    clientId,
    ...(ssl === undefined ? {} : { ssl }),
    // KafkaJS writes into it, and a thread is given the settings as they were.
    ...(sasl === undefined ? {} : { sasl: { ...sasl } }),
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    // Short waits, so that a broker that comes back is soon noticed; our own loops have the patience.
    retry: { initialRetryTime: 50, maxRetryTime: 400, retries: 5 },
    logLevel: logLevel.INFO,
  }
  const kafka = new Kafka({ ...config, logCreator: () => logTo(log) })
  const admin = new AdminConnection(kafka)
  const where = `Kafka at ${brokers.join(', ')} (KAFKA_BROKERS)`
  await Promise.race([greet(admin), stopped(signal)]).catch((error) => {
    if (signal.aborted) throw error
    const reason = rootMessage(error).replace(/[:\s]+$/, '')
    const advice = connectionAdvice(reason, settings)
    const message = `cannot reach ${where}: ${reason}${advice === undefined ? '' : `: ${advice}`}`
    throw new DepthlineError('KAFKA_UNREACHABLE', message, { cause: error })
  })
  return { settings, kafka, admin, log, newClient: () => newClient(config, log) }
}

/** A broker that wants a login lets everybody connect, and hangs up at the first question. */
async function greet(admin: AdminConnection): Promise<void> {
  await admin.connect()
  await admin.ask('the first question', (kafka) => kafka.describeCluster())
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

/** KafkaJS says only in its log that a coordinator was refused; its error is that none was found. */
function newClient(config: KafkaConfig, log: KafkaLog): Client {
  let refusal: string | undefined
  const write = logTo(log)
  const logCreator = () => (entry: LogEntry) => {
    const { message, error } = entry.log
    if (/GroupCoordinator/.test(message) && /authorization failed/i.test(String(error))) {
      refusal = String(error)
    }
    write(entry)
  }
  return { kafka: new Kafka({ ...config, logCreator }), refusal: () => refusal }
}

/** KafkaJS calls errors what a restarting broker answers for a while; what matters we log ourselves. */
function logTo(log: KafkaLog) {
  return (entry: LogEntry) => {
    const { message, timestamp: _, logger: __, stack: ___, ...fields } = entry.log
    log.debug(fields, `kafkajs: ${message}`)
  }
}
