/** Judges the exchange topics: every round whole and once, every analysis of it once, whatever was killed. */
import { createHash } from 'node:crypto'
import type { ExchangeDepth, MarketAnalytics } from '../wire/exchange-records.js'
import { plainKafka, readWhole } from './plain-topic.js'

export interface RoundsScene {
  readonly brokers: string
  readonly input: string
  readonly depth: string
  readonly analytics: string
  readonly exchanges: readonly string[]
  readonly markets: readonly string[]
  readonly periodMs: number
  /** The rounds that poll has said it has written. */
  readonly acknowledged: readonly number[]
}

export interface RoundsVerdict {
  readonly rounds: number
  readonly answers: number
  readonly failures: number
  readonly notPolled: number
  readonly analytics: number
  /** What is wrong, in words; at most ten. */
  readonly findings: readonly string[]
}

/** As JSON has it. */
export interface PollRecord {
  readonly kind: string
  readonly poll_at: number
  readonly exchange: string | null
  readonly market: string | null
  readonly sha256: string | null
  readonly body: string | null
}

const MOST_FINDINGS = 10

/** Reads everything anew with plain KafkaJS. */
export async function judgeRounds(scene: RoundsScene): Promise<RoundsVerdict> {
  const kafka = plainKafka(scene.brokers)
  const read = async <T>(topic: string) =>
    (await readWhole(kafka, topic)).map(({ value }) => JSON.parse(String(value)) as T)
  const polls = await read<PollRecord>(scene.input)
  const depth = await read<ExchangeDepth>(scene.depth)
  const analytics = await read<MarketAnalytics>(scene.analytics)
  return verdictOf(scene, { polls, depth, analytics })
}

export function verdictOf(
  scene: RoundsScene,
  read: {
    polls: readonly PollRecord[]
    depth: readonly ExchangeDepth[]
    analytics: readonly MarketAnalytics[]
  },
): RoundsVerdict {
  const { polls, depth, analytics } = read
  const rounds = polls.filter(({ kind }) => kind === 'round_complete').map((poll) => poll.poll_at)
  const count = (wanted: string) => polls.filter(({ kind }) => kind === wanted).length
  const findings = [
    ...gaps(rounds, scene.periodMs),
    ...wrongRounds(polls, scene),
    ...wrongBodies(polls),
    ...lostRounds(polls, scene.acknowledged),
    ...differences(
      'depth',
      rounds.flatMap((at) => booksOf(scene).map((book) => `${at} ${book}`)),
      depth.map(({ poll_at, exchange, market }) => `${poll_at} ${exchange}/${market}`),
    ),
    ...differences(
      'analytics',
      rounds.flatMap((at) => scene.markets.map((market) => `${at} ${market}`)),
      analytics.map(({ poll_at, market }) => `${poll_at} ${market}`),
    ),
  ]
  return {
    rounds: rounds.length,
    answers: count('answer'),
    failures: count('failure'),
    notPolled: count('not_polled'),
    analytics: analytics.length,
    findings: findings.slice(0, MOST_FINDINGS),
  }
}

function booksOf({ exchanges, markets }: RoundsScene): string[] {
  return markets.flatMap((market) => exchanges.map((exchange) => `${exchange}/${market}`))
}

/** Each period has its round, in order and once. */
function gaps(rounds: readonly number[], periodMs: number): string[] {
  return rounds.flatMap((at, index) => {
    const before = rounds[index - 1]
    if (before === undefined || at === before + periodMs) return []
    return [`round ${at} comes after round ${before}`]
  })
}

/** Before each round_complete lies one record for each book, and none of another round but late ones. */
function wrongRounds(polls: readonly PollRecord[], scene: RoundsScene): string[] {
  const findings: string[] = []
  let books: string[] = []
  for (const { kind, poll_at: at, exchange, market } of polls) {
    if (kind === 'late') continue
    if (kind !== 'round_complete') {
      books.push(`${at} ${exchange}/${market}`)
      continue
    }
    const wanted = booksOf(scene).map((book) => `${at} ${book}`)
    findings.push(...differences(`round ${at}`, wanted.sort(), books.sort()))
    books = []
  }
  return findings
}

function wrongBodies(polls: readonly PollRecord[]): string[] {
  return polls.flatMap(({ poll_at: at, exchange, market, body, sha256 }) => {
    if (body === null) return []
    const hash = createHash('sha256').update(Buffer.from(body, 'base64')).digest('hex')
    return hash === sha256 ? [] : [`the body of ${exchange}/${market} at ${at} has another SHA-256`]
  })
}

/** What poll has reported as written holds what it has asked for. */
function lostRounds(polls: readonly PollRecord[], acknowledged: readonly number[]): string[] {
  const complete = new Set<number>()
  for (const { kind, poll_at } of polls) if (kind === 'round_complete') complete.add(poll_at)
  return acknowledged.flatMap((at) => (complete.has(at) ? [] : [`round ${at} is lost`]))
}

function differences(what: string, wanted: readonly string[], found: readonly string[]): string[] {
  if (wanted.length === found.length && wanted.every((text, at) => text === found[at])) return []
  const at = wanted.findIndex((text, index) => text !== found[index])
  const index = at < 0 ? wanted.length : at
  return [`${what}: ${found[index] ?? 'nothing'} where ${wanted[index] ?? 'nothing'} belongs`]
}
