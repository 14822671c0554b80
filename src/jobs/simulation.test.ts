/** The job through crashes, fences, lost answers and broken disks, in virtual time: any seed must hold. */
import { expect, test } from 'vitest'
import { simulate } from '../testing/simulation/simulate.js'

const SEEDS = Number(process.env.SEEDS ?? 1_000)
const TIMEOUT_MS = 20 * SEEDS + 100_000

/** What must happen somewhere in a thousand seeds, for what never happens is not tested. */
const EXPECTED = [
  ...['ticks', 'dead letters', 'takeovers', 'commits without a tick', 'incomplete ticks'],
  ...['ticks after missed seconds', 'ticks by a held clock', 'crashes', 'pauses', 'hostCrashes'],
  ...['in doubt, was done', 'in doubt, was not done', 'commits of processes that were gone'],
  ...[
    'ended: FENCED',
    'slowMarkers',
    'log: taking over again',
    'ended: LOG_LOST',
    'ended: done',
    'input replaced',
    'retention',
  ],
  ...['log: snapshot loaded', 'log: the next tick is overdue', 'log: waiting for Kafka'],
  ...['refused: it is ahead of what is committed, at offset N of partition N'],
  ...['refused: frame N, which was read up to byte N, is damaged'],
  ...['refused: it is cut short at byte N', 'snapshots compared', 'writes refused by the disk'],
]

test(`keeps its promises in ${SEEDS} simulations`, { timeout: TIMEOUT_MS }, async () => {
  const happened = new Set<string>()
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { violations, coverage } = await simulate(seed)
    expect(violations, `make simulate SEED=${seed}`).toEqual([])
    for (const name of Object.keys(coverage)) happened.add(name)
  }
  if (SEEDS >= 1_000) expect(EXPECTED.filter((name) => !happened.has(name))).toEqual([])
})

test('runs the same way again for the same seed', async () => {
  for (const seed of [3, 15, 68, 310]) {
    const [one, other] = [await simulate(seed), await simulate(seed)]
    expect(other.traceHash, `seed ${seed}`).toBe(one.traceHash)
    expect(other.coverage).toEqual(one.coverage)
  }
  expect((await simulate(1)).traceHash).not.toBe((await simulate(2)).traceHash)
})
