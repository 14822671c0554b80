/** What the doctor calls wrong, and what it leaves alone. */
import { describe, expect, it } from 'vitest'
import {
  checkBroker,
  checkClock,
  checkInput,
  checkProgress,
  checkSnapshots,
  checkWritten,
  type Finding,
  type SnapshotFacts,
} from './doctor.js'

const NOW = 1_700_000_000_000
const DAY = '86400000'
const GOOD_INPUT = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' }

const levels = (findings: readonly Finding[]) => findings.map(({ level }) => level)
const snapshot = (change: Partial<SnapshotFacts> = {}): SnapshotFacts => ({
  name: 'one',
  tick: NOW / 1000 - 60,
  bytes: 1_000,
  offsets: [50, 50],
  ...change,
})
const input = (config: Record<string, string>, low = 0, snapshots: SnapshotFacts[] = []) => {
  const ranges = [
    { low, high: 100 },
    { low: 0, high: 100 },
  ]
  return checkInput('orders', { ranges, config: { ...GOOD_INPUT, ...config } }, snapshots, NOW)
}

describe('the input topic', () => {
  it('is fine where it keeps everything from its start', () => {
    expect(levels(input({}))).toEqual(['ok'])
  })

  it.each([
    ['is compacted', input({ 'cleanup.policy': 'compact' }), 'fail'],
    ['is compressed so that KafkaJS cannot read it', input({ 'compression.type': 'zstd' }), 'fail'],
    ['lacks its start and no snapshot reaches that far', input({}, 60, [snapshot()]), 'fail'],
    [
      'lacks its start and the snapshot is damaged',
      input({}, 40, [snapshot({ refused: 'x' })]),
      'fail',
    ],
    ['lacks its start and a snapshot stands in', input({}, 40, [snapshot()]), 'ok'],
    ['keeps a day and there is no snapshot', input({ 'retention.ms': DAY }), 'warn'],
    [
      'keeps a day and the snapshot is young',
      input({ 'retention.ms': DAY }, 0, [snapshot()]),
      'ok',
    ],
    [
      'keeps a day and the snapshot is old',
      input({ 'retention.ms': DAY }, 0, [snapshot({ tick: NOW / 1000 - 80_000 })]),
      'warn',
    ],
    ['keeps so many bytes', input({ 'retention.bytes': '1000' }, 0, [snapshot()]), 'warn'],
  ])('that %s is told so', (_, findings, level) => {
    expect(levels(findings)).toContain(level)
    expect(findings.filter((finding) => finding.level !== 'ok').every(({ todo }) => todo)).toBe(
      true,
    )
  })
})

describe('a topic that run writes', () => {
  const facts = (limit: number, partitions = 1) => ({
    ranges: Array.from({ length: partitions }, () => ({ low: 0, high: 1 })),
    config: { 'max.message.bytes': String(limit) },
  })

  it.each([
    ['is not there yet', checkWritten('t', undefined, { onePartition: true }), 'ok'],
    ['takes large messages', checkWritten('t', facts(2 ** 24), { onePartition: true }), 'ok'],
    ['takes small ones only', checkWritten('t', facts(2 ** 20), { onePartition: true }), 'warn'],
    [
      'has a last message near the limit',
      checkWritten('t', facts(2 ** 24), { onePartition: true, lastBytes: 2 ** 23 + 1 }),
      'warn',
    ],
    [
      'has two partitions and must have one',
      checkWritten('t', facts(2 ** 24, 2), { onePartition: true }),
      'fail',
    ],
    [
      'has two partitions and may',
      checkWritten('t', facts(2 ** 24, 2), { onePartition: false }),
      'ok',
    ],
  ])('that %s', (_, findings, level) => {
    expect(levels(findings)).toEqual([level])
  })

  it.each([
    ['compact', 1, 'ok'],
    ['delete', 1, 'fail'],
    ['compact', 2, 'fail'],
  ])('for progress with policy %s and %i partitions is %s', (policy, partitions, level) => {
    const config = { 'cleanup.policy': policy }
    expect(levels(checkProgress('p', { ...facts(1, partitions), config }))).toEqual([level])
  })
})

describe('broker, snapshots, disk and clock', () => {
  it('asks for a broker that lets groups in at once and transactions last 10 s', () => {
    const slow = {
      'group.initial.rebalance.delay.ms': '3000',
      'transaction.max.timeout.ms': '5000',
    }
    expect(levels(checkBroker(slow))).toEqual(['warn', 'fail'])
    expect(checkBroker({ 'group.initial.rebalance.delay.ms': '0' })).toEqual([])
  })

  it('names a damaged snapshot, a full disk and a folder that cannot be written', () => {
    const disk = { freeBytes: 2 ** 40 }
    expect(levels(checkSnapshots('f', [snapshot()], disk, NOW))).toEqual(['ok', 'ok'])
    const refused = [snapshot({ refused: 'x' })]
    expect(levels(checkSnapshots('f', refused, disk, NOW))).toEqual(['warn', 'ok'])
    expect(levels(checkSnapshots('f', [snapshot()], { freeBytes: 5 }, NOW))).toEqual(['ok', 'warn'])
    expect(levels(checkSnapshots('f', [], { unwritable: 'no' }, NOW))).toEqual(['fail', 'ok'])
  })

  it('compares the clock with the broker’s and with the last tick', () => {
    expect(levels(checkClock(20, NOW / 1000, NOW))).toEqual(['ok'])
    expect(checkClock(-900, undefined, NOW)[0]?.said).toBe("900 ms ahead of the broker's")
    expect(levels(checkClock(900, NOW / 1000 + 60, NOW))).toEqual(['warn', 'fail'])
  })
})
