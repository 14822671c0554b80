/** When a job counts as well, and what it says where it is not. */
import { expect, it } from 'vitest'
import { whyAnalyseIsNotReady, whyPollIsNotReady, whyRunIsNotReady } from './readiness.js'

const MINUTE = 60_000

it.each([
  ['that has no books yet', undefined, 'still catching up'],
  ['that is catching up', { role: 'starting', lastTick: undefined }, 'still catching up'],
  ['that leads without a tick', { role: 'leader', lastTick: undefined }, 'no tick published yet'],
  ['whose leader is silent', standby(3_001), 'the last tick was 3 s ago'],
  ['that stands by and follows', standby(900), undefined],
  ['that ticks', { role: 'leader', lastTick: { tick: 7, agoMs: 3_000 } }, undefined],
  [
    'whose ticks stopped',
    { role: 'leader', lastTick: { tick: 7, agoMs: 7_400 } },
    'the last tick was 7 s ago',
  ],
] as const)('says of a run %s: %o is %s', (_, reading, why) => {
  expect(whyRunIsNotReady(reading)).toBe(why)
})

it.each([
  ['not taken over', undefined, 'still starting'],
  ['without a round', { complete: null, agoMs: 0 }, 'no round is complete yet'],
  ['with a round of two minutes ago', { complete: 1, agoMs: 2 * MINUTE }, undefined],
  [
    'with an older one',
    { complete: 1, agoMs: 2 * MINUTE + 1 },
    'the last complete round began 120 s ago',
  ],
] as const)('says of a poll %s: %o is %s', (_, reading, why) => {
  expect(whyPollIsNotReady(reading, MINUTE)).toBe(why)
})

it.each([
  [undefined, 'still starting, or Kafka does not answer'],
  [10_000, undefined],
  [12_000, 'records have been waiting for 12 s'],
])('says of an analyse whose records wait %s ms: %s', (waitingMs, why) => {
  expect(whyAnalyseIsNotReady(waitingMs)).toBe(why)
})

function standby(agoMs: number) {
  return { role: 'standby', lastTick: { tick: 7, agoMs } } as const
}
