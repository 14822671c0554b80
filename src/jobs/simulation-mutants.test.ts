/** The simulation against jobs that stand on something faulty: it is worth what it notices. */
import { expect, test } from 'vitest'
import { mutants } from '../testing/simulation/mutants.js'
import { simulate } from '../testing/simulation/simulate.js'

const SEEDS = 1_000

test.each(Object.entries(mutants))(
  'notices that %s',
  { timeout: 120_000 },
  async (name, mutant) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { violations } = await simulate(seed, { mutant })
      if (violations.length === 0) continue
      console.log(`${name}: seed ${seed}: ${violations[0]!.slice(0, 200)}`)
      return
    }
    expect.unreachable(`not noticed in ${SEEDS} seeds`)
  },
)
