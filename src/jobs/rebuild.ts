/** History made anew from the raw books that a lake keeps, perhaps with other notionals or fees. */
import { DepthlineError } from '../errors.js'
import type { EpochMs, ExchangePoll } from '../wire/exchange-records.js'
import type { RoundSink } from './exchange-ports.js'
import type { AnalysisOptions } from './market-analytics.js'
import type { Log } from './ports.js'
import { analyseRound, type BodyHashes } from './round-analysis.js'

export interface RebuildPorts {
  /** In order; each ends with its round_complete record. */
  readonly rounds: AsyncIterable<{ pollAt: EpochMs; polls: readonly ExchangePoll[] }>
  /** Gets depth and analytics; the raw books stay where they are. */
  readonly sink: RoundSink
  readonly log: Log
}

/**
 * @returns how many rounds there were
 * @throws DepthlineError BAD_RECORD where the lake holds a round without an end
 */
export async function rebuild(
  { rounds, sink, log }: RebuildPorts,
  options: AnalysisOptions,
  signal: AbortSignal,
): Promise<{ rounds: number }> {
  let before: BodyHashes = {}
  let count = 0
  for await (const { pollAt, polls } of rounds) {
    if (signal.aborted) break
    const { exchanges, markets } = polls.at(-1) ?? {}
    if (!exchanges || !markets) {
      const time = new Date(pollAt).toISOString()
      throw new DepthlineError('BAD_RECORD', `the round of ${time} has no round_complete`)
    }
    const round = { pollAt, exchanges, markets, records: polls }
    const { depth, analytics, bodies } = analyseRound(round, before, options)
    await sink.write({ pollAt, polls: [], depth, analytics })
    before = bodies
    if (++count % 1_000 === 0) log.info({ rounds: count }, 'analysed')
  }
  return { rounds: count }
}
