/** The simulation against shards and mergers that stand on something faulty: it is worth what it notices. */
import { expect, test } from 'vitest'
import { mergerMutants } from '../testing/simulation/shards/merger-mutants.js'
import { shardMutants } from '../testing/simulation/shards/shard-mutants.js'
import { simulateShards } from '../testing/simulation/shards/simulate-shards.js'

const SEEDS = 500

test.each(Object.entries({ ...shardMutants, ...mergerMutants }))(
  'notices that %s',
  { timeout: 120_000 },
  async (name, mutant) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { violations } = await simulateShards(seed, { mutant })
      if (violations.length === 0) continue
      console.log(`${name}: seed ${seed}: ${violations[0]!.slice(0, 200)}`)
      return
    }
    expect.unreachable(`not noticed in ${SEEDS} seeds`)
  },
)
