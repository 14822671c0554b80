/** History made anew from the raw books that a lake keeps, perhaps with other notionals or fees. */
import { DepthlineError } from '../errors.js'
import type { EpochMs, ExchangePoll } from '../wire/exchange-records.js'
import type { AnalysisOptions } from './market-analytics.js'
import type { Clock, Log, RoundSink } from './ports.js'
import { analyseRound, type BodyHashes } from './round-analysis.js'
import { graceAfter } from './stopping.js'

export interface RebuildPorts {
  /** In order; each ends with its round_complete record. */
  readonly rounds: AsyncIterable<{ pollAt: EpochMs; polls: readonly ExchangePoll[] }>
  /** Get depth and analytics; the raw books stay where they are. */
  readonly sinks: readonly RoundSink[]
  readonly clock: Clock
  readonly log: Log
}

/** After it was told to stop, a round in hand may take so long. */
const GRACE_MS = 5_000

/**
 * Runs until there is no round left or `signal` aborts, then leaves after the round in hand.
 *
 * @returns how many rounds there were
 * @throws DepthlineError BAD_RECORD where the lake holds a round without an end
 */
export async function rebuild(
  ports: RebuildPorts,
  options: AnalysisOptions,
  signal: AbortSignal,
): Promise<{ rounds: number }> {
  const counts = { rounds: 0 }
  const work = rebuildAll(ports, options, { signal, counts })
  await Promise.race([work, graceAfter(signal, ports.clock, GRACE_MS)])
  return counts
}

async function rebuildAll(
  { rounds, sinks, log }: RebuildPorts,
  options: AnalysisOptions,
  { signal, counts }: { signal: AbortSignal; counts: { rounds: number } },
): Promise<void> {
  let before: BodyHashes = {}
  for await (const { pollAt, polls } of rounds) {
    if (signal.aborted) break
    const { exchanges, markets } = polls.at(-1) ?? {}
    if (!exchanges || !markets) {
      const time = new Date(pollAt).toISOString()
      throw new DepthlineError('BAD_RECORD', `the round of ${time} has no round_complete`)
    }
    const round = { pollAt, exchanges, markets, records: polls }
    const { depth, analytics, bodies } = analyseRound(round, before, options)
    for (const sink of sinks) await sink.write({ pollAt, polls: [], depth, analytics })
    before = bodies
    if (++counts.rounds % 1_000 === 0) log.info({ rounds: counts.rounds }, 'analysed')
  }
}
