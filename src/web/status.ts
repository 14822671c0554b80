/** How things are: the figures of the last minute, and whether the server has what it needs. */
import { timesOf } from './book-answers.js'
import type { FeedState, Verified } from './ports.js'
import type { RoundFeed } from './round-feed.js'
import type { Tick } from './tick.js'
import type { TickFeed, TickFigures } from './tick-feed.js'

/** A tick that is older says that the processor is not there or not in time. */
const MAX_AGE_MS = 3_000

/** What is called the last minute. */
const WINDOW_MS = 61_000

export interface StatusSource {
  readonly ticks: TickFeed
  readonly rounds: RoundFeed
  readonly version: string
  readonly simulated: boolean
  /** Records of the input that the newest tick does not hold; null where that is not known. */
  lag(newest: Tick | undefined): number | null
  verified(): Verified | null
}

export function statusBody(source: StatusSource, nowMs: number) {
  const { newest, skipped } = source.ticks
  const window = source.ticks.window.filter(({ tick }) => nowMs - tick * 1000 < WINDOW_MS)
  const silent = newest === undefined ? 0 : secondsBetween(newest, nowMs)
  const lateness = window.flatMap(({ latenessMs }) => latenessMs ?? []).sort((a, b) => a - b)
  return {
    ...timesOf(newest, nowMs),
    events_per_second: silent > 0 ? null : eventsPerSecond(window),
    rejected: sum(window, 'rejected'),
    rejected_last_tick: newest?.rejected ?? 0,
    missed: sum(window, 'missed') + silent,
    lag: source.lag(newest),
    tick_lateness_ms: { p50: quantile(lateness, 0.5), p99: quantile(lateness, 0.99) },
    crossed: newest?.crossed ?? [],
    incomplete: newest?.incomplete ?? false,
    clock: newest?.clock ?? null,
    version: source.version,
    simulated: source.simulated,
    verified: source.verified(),
    skipped: { ticks: skipped.count, rounds: source.rounds.skipped, last: skipped.last },
    missing: missingOf(source),
  }
}

/** Whole seconds that should have had a tick since the newest one; a tick may be a second on its way. */
function secondsBetween({ tick }: Tick, nowMs: number): number {
  return Math.max(0, Math.min(60, Math.floor(nowMs / 1000) - tick - 2))
}

/** What is not there, in words. */
export function missingOf({ ticks, rounds }: StatusSource): string[] {
  const states = [ticks.state, rounds.states.analytics, rounds.states.depth]
  return states.flatMap((state) => (state.kind === 'waiting' ? [state.why] : []))
}

/**
 * Ready with one of the two jobs alone, but what is there must be caught up, and its
 * last tick fresh.
 */
export function readiness(source: StatusSource, nowMs: number) {
  const { ticks, rounds } = source
  const tickProblem = problemOfTicks(ticks, nowMs)
  const roundProblem = [rounds.states.analytics, rounds.states.depth].find(isReading)
  const isAnyThere = ticks.state.kind === 'live' || rounds.states.analytics.kind === 'live'
  const problems = [
    ...(tickProblem === undefined ? [] : [tickProblem]),
    ...(roundProblem === undefined ? [] : ['the rounds are still being read']),
    ...(isAnyThere ? [] : ['neither ticks nor rounds are there']),
  ]
  const { tick, age_ms } = timesOf(ticks.newest, nowMs)
  const newest_poll_at = rounds.newestMs === 0 ? null : rounds.newestMs
  return {
    ready: problems.length === 0,
    problems,
    missing: missingOf(source),
    tick,
    age_ms,
    newest_poll_at,
  }
}

function problemOfTicks({ state, newest }: TickFeed, nowMs: number): string | undefined {
  // Serving the exchanges alone is fine, but ticks that came and went are not.
  if (state.kind === 'waiting') return newest === undefined ? undefined : state.why
  if (isReading(state)) return 'the ticks are still being read'
  if (newest === undefined) return 'no tick has come yet'
  const age = nowMs - newest.tick * 1000
  if (age < -MAX_AGE_MS) return `the last tick lies ${Math.round(-age / 1000)} s in the future`
  return age <= MAX_AGE_MS ? undefined : `the last tick is ${Math.round(age / 1000)} s old`
}

function isReading({ kind }: FeedState): boolean {
  return kind === 'reading'
}

/** From the first to the last tick that say how many records they are made of, to a tenth. */
function eventsPerSecond(window: readonly TickFigures[]): number | null {
  const first = window.find(({ records }) => records !== undefined)
  const last = window.findLast(({ records }) => records !== undefined)
  if (first === undefined || last === undefined || first === last) return null
  const perSecond = (last.records! - first.records!) / (last.tick - first.tick)
  return Math.max(0, Math.round(perSecond * 10) / 10)
}

function sum(window: readonly TickFigures[], field: 'rejected' | 'missed'): number {
  return window.reduce((total, tick) => total + tick[field], 0)
}

function quantile(sorted: readonly number[], q: number): number | null {
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * q) - 1)] ?? null
}
