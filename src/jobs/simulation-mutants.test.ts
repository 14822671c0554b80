/** The simulation against jobs that stand on something faulty: it is worth what it notices. */
import { expect, test } from 'vitest'
import { mutants } from '../testing/simulation/mutants.js'
import { simulate } from '../testing/simulation/simulate.js'

const SEEDS = 1_000
/** Looked at first: the rarest are noticed in them, and damage in the first without a thousand crashes. */
const LIKELY_SEEDS = [29, 25, 40]

test.each(Object.entries(mutants))(
  'notices that %s',
  { timeout: 120_000 },
  async (name, mutant) => {
    for (const seed of [...LIKELY_SEEDS, ...Array.from({ length: SEEDS }, (_, at) => at + 1)]) {
      const { violations } = await simulate(seed, { mutant })
      if (violations.length === 0) continue
      console.log(`${name}: seed ${seed}: ${violations[0]!.slice(0, 200)}`)
      return
    }
    expect.unreachable(`not noticed in ${SEEDS} seeds`)
  },
)
