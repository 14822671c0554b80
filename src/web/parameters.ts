/** The parameters of requests: how each is read, what it takes, and how the OpenAPI document describes it. */
import { type Decimal, isZero, parseDecimal } from '../book/decimal.js'
import { type Refusal, refusal } from './answer.js'

export interface Parameter<T> {
  readonly in: 'query' | 'path'
  readonly description: string
  /** JSON Schema of the text. */
  readonly schema: Readonly<Record<string, unknown>>
  readonly required: boolean
  /** What it takes, in words. */
  readonly expected: string
  /** @returns undefined where the text is not what is expected; of an absent one, what stands for it */
  read(text: string | undefined): { readonly value: T } | undefined
}

// biome-ignore lint/suspicious/noExplicitAny: a table of parameters holds every type of them.
export type Parameters = Readonly<Record<string, Parameter<any>>>

export type Values<P extends Parameters> = {
  readonly [Name in keyof P]: P[Name] extends Parameter<infer T> ? T : never
}

const SYMBOL = '^[A-Za-z0-9][A-Za-z0-9._/:-]{0,31}$'
const SECOND = '^\\d{1,11}$'
const ISO = '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d(:\\d\\d(\\.\\d{1,9})?)?(Z|[+-]\\d\\d:\\d\\d)$'
const AGO = '^\\d{1,9}[smhd]$'
const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}
const SHOWN = 60

export function symbol(): Parameter<string> {
  const description = 'A symbol such as BTC-USDT; a slash in it is written %2F.'
  return { ...text(SYMBOL, description, 'a symbol such as BTC-USDT'), in: 'path', required: true }
}

export function market(): Parameter<string | undefined> {
  return optional(text(SYMBOL, 'This market alone.', 'a market such as BTC-USD'))
}

export function whole(
  description: string,
  { min, max, fallback }: { min: number; max: number; fallback: number },
): Parameter<number> {
  return {
    in: 'query',
    description,
    schema: { type: 'integer', minimum: min, maximum: max, default: fallback },
    required: false,
    expected: `a whole number from ${min} to ${max}`,
    read(given = String(fallback)) {
      const value = /^\d{1,9}$/.test(given) ? Number(given) : Number.NaN
      return value >= min && value <= max ? { value } : undefined
    },
  }
}

export function choice<T extends string>(
  description: string,
  values: readonly T[],
  fallback?: T,
): Parameter<T> {
  return {
    in: 'query',
    description,
    schema: { enum: values, ...(fallback === undefined ? {} : { default: fallback }) },
    required: fallback === undefined,
    expected: `one of ${values.join(', ')}`,
    read(given = fallback) {
      const value = values.find((known) => known === given)
      return value === undefined ? undefined : { value }
    },
  }
}

/** An epoch second, or a time. */
export function second(description: string): Parameter<number | undefined> {
  return {
    in: 'query',
    description,
    schema: { type: 'string', pattern: `${SECOND}|${ISO}` },
    required: false,
    expected: 'an epoch second, or a time such as 2026-11-20T10:00:00Z',
    read: (given) => (given === undefined ? { value: undefined } : known(readSecond(given))),
  }
}

/** How far back, as a function from now to then, both in milliseconds. */
export function since(fallback: string): Parameter<(nowMs: number) => number> {
  return {
    in: 'query',
    description: 'How far back: 90s, 15m, 24h, 7d, an epoch second or a time.',
    schema: { type: 'string', pattern: `${AGO}|${SECOND}|${ISO}`, default: fallback },
    required: false,
    expected: 'a time back such as 90s, 15m, 24h or 7d, an epoch second, or a time',
    read(given = fallback) {
      if (new RegExp(AGO).test(given)) {
        const ms = Number(given.slice(0, -1)) * UNIT_MS[given.slice(-1)]!
        return { value: (nowMs) => Math.max(0, nowMs - ms) }
      }
      const from = readSecond(given)
      return from === undefined ? undefined : { value: () => from * 1000 }
    },
  }
}

/** A decimal above zero. */
export function amount(description: string, fallback: string): Parameter<Decimal> {
  const pattern = '^\\d{1,18}(\\.\\d{1,18})?$'
  return {
    in: 'query',
    description,
    schema: { type: 'string', pattern, default: fallback },
    required: false,
    expected: 'a decimal above zero such as 50000',
    read(given = fallback) {
      const value = new RegExp(pattern).test(given) ? parseDecimal(given) : undefined
      return value === undefined || isZero(value) ? undefined : { value }
    },
  }
}

/** Reads all parameters of a request; the refusal names the first that is wrong. */
export function readParameters<P extends Parameters>(
  parameters: P,
  given: Readonly<Record<string, unknown>>,
): { readonly values: Values<P> } | Refusal {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(parameters, name))
  if (unknown !== undefined) {
    const names = Object.keys(parameters).join(', ') || 'none'
    return refusal(400, `no parameter ${shown(unknown)}; there are: ${names}`)
  }
  const values: Record<string, unknown> = {}
  for (const [name, parameter] of Object.entries(parameters)) {
    const text = given[name]
    if (text !== undefined && typeof text !== 'string') {
      return refusal(400, `${name}: given more than once`)
    }
    if (text === undefined && parameter.required) {
      return refusal(400, `${name}: missing; expected ${parameter.expected}`)
    }
    const read = parameter.read(text)
    if (read === undefined) {
      return refusal(400, `${name}: expected ${parameter.expected}, got ${shown(text)}`)
    }
    values[name] = read.value
  }
  return { values: values as Values<P> }
}

/** Of text from outside no more than a little is repeated. */
function shown(given: string | undefined): string {
  return JSON.stringify((given ?? '').slice(0, SHOWN))
}

function text(pattern: string, description: string, expected: string): Parameter<string> {
  return {
    in: 'query',
    description,
    schema: { type: 'string', pattern },
    required: false,
    expected,
    read: (given) =>
      known(given !== undefined && new RegExp(pattern).test(given) ? given : undefined),
  }
}

function optional<T>(parameter: Parameter<T>): Parameter<T | undefined> {
  const { read } = parameter
  return {
    ...parameter,
    read: (given) => (given === undefined ? { value: undefined } : read(given)),
  }
}

function readSecond(given: string): number | undefined {
  if (new RegExp(SECOND).test(given)) return Number(given)
  if (!new RegExp(ISO).test(given)) return undefined
  const ms = Date.parse(given)
  return Number.isNaN(ms) || ms < 0 ? undefined : Math.floor(ms / 1000)
}

function known<T>(value: T | undefined): { readonly value: T } | undefined {
  return value === undefined ? undefined : { value }
}
