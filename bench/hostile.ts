/** A million hostile records through the core and the naive book: every outcome must be the same. */
import { compareWithNaive } from '../src/testing/compare-with-naive.js'
import { report } from './report.js'

const [seed = '1', count = '1000000'] = process.argv.slice(2)
const started = performance.now()
// It throws at the first difference, naming the seed, the record and its bytes.
const result = compareWithNaive({ seed: Number(seed), count: Number(count) })
report('hostile', 'seeded hostile records, each outcome and every message against the naive book', {
  seed: Number(seed),
  ...result,
  seconds: Math.round((performance.now() - started) / 1000),
})
