/** Flags and environment, checked: every command gets one frozen object or a clear refusal. */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
// As a namespace, everywhere: the program's files then hold only what of it is used.
import * as z from 'zod'
import { DepthlineError } from './errors.js'

type Environment = Readonly<Record<string, string | undefined>>

/** A whole number written in digits, from `min` to `max`. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER) {
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
  return z
    .string()
    .regex(/^\d{1,16}$/, `a whole number ${range}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `a whole number ${range}`)
}

/** A share such as `0.45`, from 0 to 1. */
export function share() {
  return z
    .string()
    .regex(/^[01](\.\d{1,9})?$/, 'a number from 0 to 1')
    .transform(Number)
    .refine((value) => value <= 1, 'a number from 0 to 1')
}

/** How many levels a side: a number, or `all`. */
export function levels() {
  const expected = 'a whole number of at least 1, or all'
  return z
    .string()
    .regex(/^(all|\d{1,9})$/, expected)
    .transform((text) => (text === 'all' ? Number.POSITIVE_INFINITY : Number(text)))
    .refine((value) => value >= 1, expected)
}

export function topicName() {
  return z
    .string()
    .regex(/^[a-zA-Z0-9._-]{1,249}$/, 'a topic name: letters, digits, dot, dash, underscore')
    .refine((name) => name !== '.' && name !== '..', 'a topic name')
}

const SYMBOL = '[A-Za-z0-9][A-Za-z0-9._/:-]{0,31}'

export function symbolName() {
  return z.string().regex(new RegExp(`^${SYMBOL}$`), 'a symbol such as BTC-USDT')
}

/** Symbols with commas between them. */
export function symbolList() {
  return z
    .string()
    .regex(new RegExp(`^${SYMBOL}(,${SYMBOL})*$`), 'symbols such as BTC-USDT,ETH-USDT')
    .transform((text) => text.split(','))
}

/** An epoch second, or a time such as 2026-11-20T10:00:00Z, as an epoch second. */
export function second() {
  const seconds = z
    .string()
    .regex(/^\d{1,11}$/)
    .transform(Number)
  const time = z.iso
    .datetime({ offset: true })
    .transform((text) => Math.floor(Date.parse(text) / 1000))
  return z.union([seconds, time], 'an epoch second, or a time such as 2026-11-20T10:00:00Z')
}

/**
 * @throws DepthlineError USAGE where a range of ticks ends before it begins
 */
export function assertRange({ from, to }: { from?: number | undefined; to?: number | undefined }) {
  if (from === undefined || to === undefined || from <= to) return
  throw new DepthlineError('USAGE', `--from ${from} comes after --to ${to}`)
}

/**
 * Checks a command's flags.
 *
 * @throws DepthlineError USAGE that names each wrong flag and what it takes
 */
export function checkFlags<T extends z.ZodType>(schema: T, flags: unknown): Readonly<z.infer<T>> {
  const result = schema.safeParse(flags)
  if (result.success) return Object.freeze(result.data)
  const problems = result.error.issues.map(({ path, message }) => {
    const flag = String(path[0]).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    const given = JSON.stringify((flags as Record<string, unknown>)[String(path[0])])
    return `--${flag}: expected ${message}, got ${given}`
  })
  throw new DepthlineError('USAGE', problems.join('; '))
}

/** Where a job's snapshots are kept: below `DEPTHLINE_DATA`, or `data` where the command is run. */
export function snapshotFolder(env: Environment, job: string): string {
  return join(env.DEPTHLINE_DATA || 'data', 'snapshots', job)
}

/** Where rounds of the exchanges are kept. */
export function lakeFolder(env: Environment): string {
  return join(env.DEPTHLINE_DATA || 'data', 'lake')
}

/**
 * Where an exchange is asked: at `origin`, or at what `DEPTHLINE_EXCHANGE_URL_<NAME>` puts in its place.
 *
 * @throws DepthlineError USAGE that does not repeat the address, which may hold a password
 */
export function exchangeOrigin(
  env: Environment,
  exchange: { name: string; origin: string },
): string {
  const variable = `DEPTHLINE_EXCHANGE_URL_${exchange.name.toUpperCase()}`
  const text = env[variable]
  if (!text) return exchange.origin
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isBare = url !== undefined && url.href === `${url.origin}/`
  if (isBare && ['http:', 'https:'].includes(url.protocol)) return url.origin
  throw new DepthlineError(
    'USAGE',
    `${variable}: expected scheme, host and port, such as http://127.0.0.1:8080, and nothing after`,
  )
}

const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const

/**
 * How to reach Kafka, from the environment alone: secrets are never flags.
 *
 * @throws DepthlineError USAGE
 */
export function kafkaSettings(env: Environment) {
  const brokers = (env.KAFKA_BROKERS || 'localhost:9092').split(',').map((text) => text.trim())
  const bad = brokers.find((broker) => !isAddress(broker))
  if (bad !== undefined) {
    throw new DepthlineError('USAGE', `KAFKA_BROKERS: expected host:port, got "${bad}"`)
  }
  const ssl = sslSettings(env)
  const sasl = saslSettings(env)
  return Object.freeze({
    brokers,
    clientId: env.KAFKA_CLIENT_ID || 'depthline',
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
  })
}

function isAddress(text: string): boolean {
  const [, port] = /^[^\s:]+:(\d{1,5})$/.exec(text) ?? []
  return Number(port) >= 1 && Number(port) <= 65_535
}

function sslSettings(env: Environment) {
  const { KAFKA_SSL = '', KAFKA_SSL_CA: caFile } = env
  if (!['', 'true', 'false', '1', '0'].includes(KAFKA_SSL)) {
    throw new DepthlineError('USAGE', `KAFKA_SSL: expected true or false, got "${KAFKA_SSL}"`)
  }
  if (caFile) {
    if (KAFKA_SSL === 'false' || KAFKA_SSL === '0') {
      throw new DepthlineError('USAGE', 'KAFKA_SSL_CA is set, and KAFKA_SSL says false: unset one')
    }
    return { ca: [readCertificates(caFile)] }
  }
  return KAFKA_SSL === 'true' || KAFKA_SSL === '1' ? true : undefined
}

function saslSettings(env: Environment) {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username } = env
  if (!mechanism) {
    if (!username) return undefined
    const message = 'KAFKA_SASL_MECHANISM is not set, and KAFKA_SASL_USERNAME is'
    throw new DepthlineError('USAGE', message)
  }
  const known = SASL_MECHANISMS.find((name) => name === mechanism.toLowerCase())
  if (known === undefined) {
    const expected = SASL_MECHANISMS.join(', ')
    throw new DepthlineError('USAGE', `KAFKA_SASL_MECHANISM: expected one of ${expected}`)
  }
  const passwordFile = env.KAFKA_SASL_PASSWORD_FILE
  const password = passwordFile
    ? readSecret('KAFKA_SASL_PASSWORD_FILE', passwordFile).replace(/\r?\n$/, '')
    : env.KAFKA_SASL_PASSWORD
  if (!username || !password) {
    const missing = username
      ? 'KAFKA_SASL_PASSWORD or KAFKA_SASL_PASSWORD_FILE'
      : 'KAFKA_SASL_USERNAME'
    throw new DepthlineError('USAGE', `${missing} is not set, and KAFKA_SASL_MECHANISM is`)
  }
  // KafkaJS's types tie each mechanism to its own shape; these three share one.
  return { mechanism: known as 'plain', username, password }
}

/** Node trusts nobody, and says nothing, where a file holds no certificate. */
function readCertificates(file: string): string {
  const text = readSecret('KAFKA_SSL_CA', file)
  try {
    new X509Certificate(text)
    return text
  } catch (cause) {
    const message = `KAFKA_SSL_CA: ${file} holds no certificate in PEM (-----BEGIN CERTIFICATE-----)`
    throw new DepthlineError('USAGE', message, { cause })
  }
}

function readSecret(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new DepthlineError('USAGE', `${variable}: cannot read ${file}`, { cause })
  }
}
