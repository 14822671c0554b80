/** The connection to Kafka: a KafkaJS client that logs through pino and fails in our terms. */
import { type Admin, Kafka, type KafkaConfig, logLevel } from 'kafkajs'
import type { Logger } from 'pino'
import { DepthlineError } from '../errors.js'

export interface KafkaSettings {
  /** `host:port` of one or more brokers. */
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly ssl?: KafkaConfig['ssl']
  readonly sasl?: KafkaConfig['sasl']
}

export interface Cluster {
  readonly kafka: Kafka
  readonly admin: Admin
  readonly log: Logger
}

const CONNECT_LIMIT_MS = 10_000

/**
 * Connects, or says why not.
 *
 * @throws DepthlineError KAFKA_UNREACHABLE, or STOPPED where `signal` aborts first
 */
export async function connect(
  settings: KafkaSettings,
  log: Logger,
  signal: AbortSignal,
): Promise<Cluster> {
  const { brokers, clientId, ssl, sasl } = settings
  const kafka = new Kafka({
    brokers: [...brokers],
    clientId,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
    connectionTimeout: 3_000,
    requestTimeout: 10_000,
    retry: { initialRetryTime: 50, maxRetryTime: 2_000, retries: 5 },
    logLevel: logLevel.INFO,
    logCreator: () => logTo(log),
  })
  const admin = kafka.admin()
  const where = `Kafka at ${brokers.join(', ')} (KAFKA_BROKERS)`
  const connected = within(CONNECT_LIMIT_MS, admin.connect(), `connecting to ${where}`)
  await Promise.race([connected, stopped(signal)]).catch((error) => {
    if (signal.aborted) throw error
    throw new DepthlineError('KAFKA_UNREACHABLE', `cannot reach ${where}: ${rootMessage(error)}`, {
      cause: error,
    })
  })
  return { kafka, admin, log }
}

async function stopped(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  }
  throw new DepthlineError('STOPPED', 'stopped while connecting')
}

/** Ends the connection; a broker that does not answer is not waited for. */
export async function disconnect(cluster: Cluster): Promise<void> {
  await quietly(cluster.admin.disconnect())
}

/** Waits for a parting call that may fail or hang without anything being lost by it. */
export async function quietly(call: Promise<unknown>): Promise<void> {
  await within(PARTING_LIMIT_MS, call, 'leaving').catch(() => {})
}

const PARTING_LIMIT_MS = 700

/**
 * Gives a call into KafkaJS a time limit, for its promises can stay pending for ever.
 *
 * @throws DepthlineError KAFKA_UNREACHABLE, retriable, when the time is up
 */
export function within<T>(ms: number, call: Promise<T>, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const message = `${what}: no answer within ${ms / 1000} s`
      reject(new DepthlineError('KAFKA_UNREACHABLE', message, { retriable: true }))
    }, ms)
    call.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

/** A KafkaJS error in our terms; retriable where the same call may succeed later. */
export function kafkaError(error: unknown, what: string): DepthlineError {
  if (error instanceof DepthlineError) return error
  return new DepthlineError('KAFKA_FAILED', `${what}: ${rootMessage(error)}`, {
    cause: error,
    retriable: true,
  })
}

/** The `type` of the Kafka protocol error behind an error of KafkaJS, such as MESSAGE_TOO_LARGE. */
export function protocolErrorOf(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { type } = cause as { type?: unknown }
    if (typeof type === 'string') return type
  }
  return undefined
}

/** KafkaJS wraps what went wrong once for every retry; the innermost error is the one to show. */
function rootMessage(error: unknown): string {
  let message = String(error)
  for (let cause = error; cause instanceof Error; cause = cause.cause) message = cause.message
  return message
}

/** KafkaJS calls errors what a restarting broker answers for a while; what matters we log ourselves. */
function logTo(log: Logger) {
  return (entry: { log: { message: string; [field: string]: unknown } }) => {
    const { message, timestamp: _, logger: __, stack: ___, ...fields } = entry.log
    log.debug(fields, `kafkajs: ${message}`)
  }
}
