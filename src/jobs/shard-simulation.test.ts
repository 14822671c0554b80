/** Shards and merger through rebalances, crashes and compaction, in virtual time: any seed must hold. */
import { expect, test } from 'vitest'
import { simulateShards } from '../testing/simulation/shards/simulate-shards.js'

const SEEDS = Number(process.env.SEEDS ?? 200)
const TIMEOUT_MS = 300 * SEEDS + 100_000

/** What must happen somewhere in two hundred seeds, for what never happens is not tested. */
const EXPECTED = [
  ...[
    'ticks',
    'stale ticks',
    'dead letters',
    'ticks after missed seconds',
    'ticks by a held clock',
  ],
  ...['rebalances', 'sessions that ran out', 'partitions moved', 'mergers changed'],
  ...['crashes', 'pauses', 'stops', 'additions', 'removals', 'expulsions', 'clockSteps'],
  ...['shard in doubt, was done', 'shard in doubt, was not done', 'merger in doubt, was done'],
  ...['commits of gone members', 'records compacted', 'slowMarkers', 'log: shard lost'],
  ...['log: fallen behind: reading the levels from the start', 'log: snapshot loaded'],
  ...['log: snapshot refused', 'log: the next tick is overdue', 'ended: FENCED'],
]

test(`keeps its promises in ${SEEDS} simulations`, { timeout: TIMEOUT_MS }, async () => {
  const happened = new Set<string>()
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { violations, coverage } = await simulateShards(seed)
    expect(violations, `make simulate-shards SEED=${seed}`).toEqual([])
    for (const name of Object.keys(coverage)) happened.add(name)
  }
  if (SEEDS >= 200) expect(EXPECTED.filter((name) => !happened.has(name))).toEqual([])
})

test('runs the same way again for the same seed', async () => {
  for (const seed of [2, 11, 54]) {
    const [one, other] = [await simulateShards(seed), await simulateShards(seed)]
    expect(other.traceHash, `seed ${seed}`).toBe(one.traceHash)
    expect(other.coverage).toEqual(one.coverage)
  }
  expect((await simulateShards(1)).traceHash).not.toBe((await simulateShards(2)).traceHash)
})
