/** Jobs with a fault in what they stand on; the simulation must notice each of them. */
import { commitMutants } from './mutants-commit.js'
import { inputMutants } from './mutants-input.js'
import { progressMutants } from './mutants-progress.js'
import { snapshotMutants } from './mutants-snapshot.js'
import type { Mutant } from './supervisor.js'

/** By what is wrong with them. */
export const mutants: Readonly<Record<string, Mutant>> = {
  ...progressMutants,
  ...commitMutants,
  ...inputMutants,
  ...snapshotMutants,
}
