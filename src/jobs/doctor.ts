/** `doctor`: what is wrong with the surroundings of a job, and what to do about it. */
import type { PartitionRange } from '../wire/records.js'

export interface Finding {
  /** `fail` where `run` would end or go wrong. */
  readonly level: 'ok' | 'warn' | 'fail'
  /** What was looked at. */
  readonly what: string
  readonly said: string
  /** What to do; only where something is wrong. */
  readonly todo?: string
}

export interface TopicFacts {
  readonly ranges: readonly PartitionRange[]
  readonly config: Readonly<Record<string, string>>
}

export interface SnapshotFacts {
  readonly name: string
  /** Epoch second. */
  readonly tick: number
  readonly bytes: number
  readonly offsets: readonly number[]
  /** Why it cannot be used. */
  readonly refused?: string
}

const MB = 1024 * 1024
/** `run` makes its topics with this limit. */
const LARGE_MESSAGE_BYTES = 16 * MB
const READABLE = ['producer', 'uncompressed', 'gzip']
/** A clock that is further off gives ticks that others call late, or of the future. */
const CLOCK_LIMIT_MS = 500
const DAY_MS = 86_400_000

export function checkBroker(config: Readonly<Record<string, string>>): Finding[] {
  const what = 'broker'
  const findings: Finding[] = []
  const delay = Number(config['group.initial.rebalance.delay.ms'] ?? 0)
  if (delay > 500) {
    findings.push({
      level: 'warn',
      what,
      said: `group.initial.rebalance.delay.ms is ${delay}: every start waits so long`,
      todo: 'set it to 0: each process reads in a group of its own',
    })
  }
  const timeout = Number(config['transaction.max.timeout.ms'] ?? 900_000)
  if (timeout < 10_000) {
    const said = `transaction.max.timeout.ms is ${timeout}, and the job asks for 10000`
    findings.push({ level: 'fail', what, said, todo: 'raise it to 10000 or more' })
  }
  return findings
}

/** The input: whole, or at least from where the newest snapshot ends. */
export function checkInput(
  topic: string,
  facts: TopicFacts | undefined,
  snapshots: readonly SnapshotFacts[],
  nowMs: number,
): Finding[] {
  const what = `topic ${topic}`
  if (facts === undefined) return [missing(what, 'run makes it with 4 partitions')]
  const { ranges, config } = facts
  const records = ranges.reduce((sum, { low, high }) => sum + high - low, 0)
  const findings: Finding[] = [
    { level: 'ok', what, said: `${ranges.length} partitions, ${records} records` },
    ...checkReadable(what, config),
    ...checkStart(what, ranges, snapshots),
    ...checkRetention(what, config, snapshots, nowMs),
  ]
  if (config['cleanup.policy']?.includes('compact')) {
    findings.push({
      level: 'fail',
      what,
      said: 'cleanup.policy is compact: Kafka removes orders that have a newer record of their key',
      todo: 'set cleanup.policy=delete and retention.ms=-1',
    })
  }
  return findings
}

function checkReadable(what: string, config: Readonly<Record<string, string>>): Finding[] {
  const compression = config['compression.type'] ?? 'producer'
  if (READABLE.includes(compression)) return []
  const said = `compression.type is ${compression}, which KafkaJS cannot read`
  return [{ level: 'fail', what, said, todo: 'set compression.type to gzip or uncompressed' }]
}

function checkStart(
  what: string,
  ranges: readonly PartitionRange[],
  snapshots: readonly SnapshotFacts[],
): Finding[] {
  const gone = ranges.findIndex(({ low }) => low > 0)
  if (gone < 0) return []
  const usable = snapshots.some(
    ({ offsets, refused }) =>
      refused === undefined &&
      ranges.every(({ low }, partition) => (offsets[partition] ?? 0) >= low),
  )
  const said = `partition ${gone} starts at offset ${ranges[gone]!.low}`
  if (usable)
    return [{ level: 'ok', what, said: `${said}, and a snapshot stands in for what is gone` }]
  const todo = 'give the whole log or a snapshot back, or start with --accept-incomplete'
  return [{ level: 'fail', what, said: `${said}, and no snapshot reaches that far`, todo }]
}

/** Retention may take what a snapshot holds, and a snapshot must be far younger than that. */
function checkRetention(
  what: string,
  config: Readonly<Record<string, string>>,
  snapshots: readonly SnapshotFacts[],
  nowMs: number,
): Finding[] {
  const keptMs = Number(config['retention.ms'] ?? -1)
  const bytes = Number(config['retention.bytes'] ?? -1)
  if (keptMs < 0 && bytes < 0) return []
  const kept = keptMs < 0 ? `${bytes} bytes` : `${(keptMs / DAY_MS).toFixed(1)} days`
  const newest = snapshots.find(({ refused }) => refused === undefined)
  const ageMs = newest === undefined ? undefined : nowMs - newest.tick * 1000
  if (ageMs !== undefined && bytes < 0 && ageMs < keptMs / 2) {
    const age = Math.round(ageMs / 1000)
    return [{ level: 'ok', what, said: `keeps ${kept}, and the newest snapshot is ${age} s old` }]
  }
  const said = `keeps ${kept}: after that only a snapshot holds the orders that are still open`
  const todo =
    'set retention.ms=-1 and retention.bytes=-1, or have snapshots taken and keep them safe (--snapshot-topic)'
  return [{ level: 'warn', what, said, todo }]
}

/** A topic that `run` writes: one partition where order matters, and room for large messages. */
export function checkWritten(
  topic: string,
  facts: TopicFacts | undefined,
  expected: { onePartition: boolean; lastBytes?: number | undefined },
): Finding[] {
  const what = `topic ${topic}`
  if (facts === undefined) return [missing(what, 'run makes it')]
  const { ranges, config } = facts
  if (expected.onePartition && ranges.length !== 1) {
    const said = `${ranges.length} partitions: ticks come in one order`
    return [{ level: 'fail', what, said, todo: 'make it anew with 1 partition' }]
  }
  const limit = Number(config['max.message.bytes'] ?? LARGE_MESSAGE_BYTES)
  const last = expected.lastBytes
  const found = last === undefined ? '' : `, the last message has ${last} bytes`
  const said = `messages up to ${limit} bytes${found}`
  if (last !== undefined && last > limit / 2) {
    const todo = 'raise max.message.bytes of the topic, or lower --levels'
    return [{ level: 'warn', what, said, todo }]
  }
  if (limit >= LARGE_MESSAGE_BYTES) return [{ level: 'ok', what, said }]
  const todo = `set max.message.bytes=${LARGE_MESSAGE_BYTES}: a message above the limit ends run`
  return [{ level: 'warn', what, said, todo }]
}

export function checkProgress(topic: string, facts: TopicFacts | undefined): Finding[] {
  const what = `topic ${topic}`
  if (facts === undefined) return [missing(what, 'run makes it')]
  const { ranges, config } = facts
  if (ranges.length !== 1) {
    const said = `${ranges.length} partitions, and there must be 1`
    return [{ level: 'fail', what, said, todo: 'stop the job, and make the topic anew' }]
  }
  const policy = config['cleanup.policy'] ?? ''
  if (policy === 'compact') return [{ level: 'ok', what, said: 'compacted, 1 partition' }]
  const todo = 'set cleanup.policy=compact: without its last record the job begins anew'
  return [{ level: 'fail', what, said: `cleanup.policy is ${policy}`, todo }]
}

/** Snapshots, newest first, and the disk that they are on. */
export function checkSnapshots(
  folder: string,
  snapshots: readonly SnapshotFacts[],
  disk: { freeBytes?: number; unwritable?: string },
  nowMs: number,
): Finding[] {
  const what = `snapshots in ${folder}`
  const findings: Finding[] = []
  if (disk.unwritable !== undefined) {
    const todo = 'make it writable, or choose another folder (DEPTHLINE_DATA)'
    findings.push({ level: 'fail', what, said: disk.unwritable, todo })
  }
  if (snapshots.length === 0) {
    findings.push({
      level: 'ok',
      what,
      said: 'none yet: a start reads the input from its beginning',
    })
  }
  for (const { name, tick, bytes, refused } of snapshots) {
    const age = Math.round(nowMs / 1000 - tick)
    if (refused === undefined) {
      findings.push({ level: 'ok', what, said: `${name}: ${bytes} bytes, ${age} s old` })
    } else {
      const todo = 'delete it; the job uses the one before, or reads more of the input'
      findings.push({ level: 'warn', what, said: `${name}: ${refused}`, todo })
    }
  }
  const largest = Math.max(0, ...snapshots.map(({ bytes }) => bytes))
  const { freeBytes } = disk
  // The two generations that are kept, and the one that is being written.
  if (freeBytes !== undefined) {
    const said = `${Math.floor(freeBytes / MB)} MB free`
    const todo = 'make room: snapshots fail on a full disk, and analyse ends'
    const isEnough = freeBytes >= Math.max(3 * largest, 100 * MB)
    findings.push(
      isEnough ? { level: 'ok', what: 'disk', said } : { level: 'warn', what: 'disk', said, todo },
    )
  }
  return findings
}

/** @param aheadMs how far the broker's clock is ahead of this machine's */
export function checkClock(
  aheadMs: number,
  lastTick: number | undefined,
  nowMs: number,
): Finding[] {
  const what = 'clock'
  const off = Math.round(Math.abs(aheadMs))
  const side = aheadMs > 0 ? 'behind' : 'ahead of'
  const said = `${off} ms ${side} the broker's`
  const todo = 'synchronise both by NTP: ticks go by this machine’s clock'
  const isOff = off > CLOCK_LIMIT_MS
  const findings: Finding[] = [
    isOff ? { level: 'warn', what, said, todo } : { level: 'ok', what, said },
  ]
  const future = lastTick === undefined ? 0 : lastTick - Math.floor(nowMs / 1000)
  if (future > 1) {
    const late = `the last tick lies ${future} s in the future`
    findings.push({
      level: 'fail',
      what,
      said: late,
      todo: 'set the clock right before run starts',
    })
  }
  return findings
}

function missing(what: string, said: string): Finding {
  return { level: 'ok', what, said: `not there yet; ${said}` }
}
