/** Fills the server's feeds from the topics, and goes on whatever is in them. */
import { DepthlineError } from '../errors.js'
import type { Cluster } from '../kafka/client.js'
import { type FollowState, followTopic } from '../kafka/topic-follower.js'
import { offsetsAt, topicRanges } from '../kafka/topics.js'
import { EVENT_LOG_LIMITS } from '../web/event-log.js'
import { ROUNDS_KEPT_MS } from '../web/round-feed.js'
import type { WebServer } from '../web/server.js'
import type { Tick } from '../web/tick.js'
import type { RecordReader } from '../wire/record-codec.js'
import type { LogRecord } from '../wire/records.js'
import { openReader } from './codecs.js'
import { systemClock } from './process.js'
import { openTickReader } from './tick-values.js'

const JOB = 'depthline-serve'
/** Each tick is a record and the marker of its transaction. */
const OFFSETS_A_TICK = 2
const LAG_MS = 2_000
const REGISTRY_RETRY_MS = 1_000

interface Feed {
  readonly server: WebServer
  readonly signal: AbortSignal
}

/** Follows the output topic from as many ticks back as memory keeps. */
export async function feedTicks(
  cluster: Cluster,
  { topic, server, signal }: Feed & { readonly topic: string },
): Promise<void> {
  const readValue = await openTickReader(process.env)
  const { ticks } = server
  await followTopic(cluster, {
    topic,
    job: JOB,
    signal,
    start: async ({ high }) => Math.max(0, high - EVENT_LOG_LIMITS.ticks * OFFSETS_A_TICK),
    onState: (state) => {
      ticks.state = explained(state, topic, 'run')
    },
    async take(record, isNew) {
      const arrivedMs = isNew ? systemClock.now() : undefined
      const { headers } = record
      await unlessBroken(
        signal,
        (what) => ticks.skip(`offset ${record.offset}: ${what}`),
        async () => {
          const value = await readValue(record.value)
          const text = value === null ? undefined : new TextDecoder().decode(value)
          ticks.take({ text, headers, timestampMs: Number(record.timestamp) }, arrivedMs)
        },
      )
      server.publish()
    },
  })
}

/** Follows both topics of `analyse` from a day back. */
export async function feedRounds(
  cluster: Cluster,
  { analytics, depth, ...feed }: Feed & { readonly analytics: string; readonly depth: string },
): Promise<void> {
  const { rounds } = feed.server
  const records = {
    analytics: await openReader('market-analytics'),
    depth: await openReader('exchange-depth'),
  }
  await Promise.all([
    feedRecords(cluster, feed, {
      topic: analytics,
      reader: records.analytics,
      take: (record, isNew) => rounds.takeAnalytics(record, isNew),
      onState: (state) => {
        rounds.states.analytics = state
      },
    }),
    feedRecords(cluster, feed, {
      topic: depth,
      reader: records.depth,
      take: (record, isNew) => rounds.takeDepth(record, isNew),
      onState: (state) => {
        rounds.states.depth = state
      },
    }),
  ])
}

interface RecordFeed<T> {
  readonly topic: string
  readonly reader: RecordReader<T>
  take(record: T, isNew: boolean): void
  onState(state: FollowState): void
}

async function feedRecords<T extends { readonly poll_at: number }>(
  cluster: Cluster,
  { server, signal }: Feed,
  { topic, reader, take, onState }: RecordFeed<T>,
): Promise<void> {
  const skip = () => server.rounds.skip()
  await followTopic(cluster, {
    topic,
    job: JOB,
    signal,
    async start() {
      return (await offsetsAt(cluster, topic, systemClock.now() - ROUNDS_KEPT_MS))[0] ?? 0
    },
    onState: (state) => onState(explained(state, topic, 'analyse')),
    async take({ value, timestamp }: LogRecord, isNew: boolean) {
      await unlessBroken(signal, skip, async () => {
        const record = await reader.decode(value ?? new Uint8Array())
        // Kafka takes no time far from its own; a round of another time would push all others out.
        if (record.poll_at !== Number(timestamp)) {
          throw new DepthlineError('BAD_RECORD', `the round of ${record.poll_at} at ${timestamp}`)
        }
        take(record, isNew)
      })
      server.publish()
    },
  })
}

/** Asks from time to time how far the input is. */
export function followLag(cluster: Cluster, topic: string, signal: AbortSignal) {
  let ends: readonly number[] | undefined
  const ask = async () => {
    while (!signal.aborted) {
      ends = await topicRanges(cluster, topic).then(
        (ranges) => ranges.map(({ high }) => high),
        () => undefined,
      )
      await systemClock.sleep(LAG_MS, signal)
    }
  }
  void ask()
  return {
    /** Records that came before the last look and are not in the tick; null where that is not known. */
    of(tick: Tick | undefined): number | null {
      if (ends === undefined || tick === undefined || tick.offsets.length === 0) return null
      return ends.reduce((sum, end, at) => sum + Math.max(0, end - (tick.offsets[at] ?? 0)), 0)
    },
  }
}

/** A registry that is away is waited for; whatever else cannot be read is passed over. */
async function unlessBroken(
  signal: AbortSignal,
  skip: (what: string) => void,
  work: () => Promise<void>,
): Promise<void> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof DepthlineError)) throw error
      if (error.code !== 'REGISTRY_FAILED') return skip(error.message)
      if (signal.aborted) return
      await systemClock.sleep(REGISTRY_RETRY_MS, signal)
    }
  }
}

function explained(state: FollowState, topic: string, command: string): FollowState {
  const isMissing = state.kind === 'waiting' && state.why.startsWith(`no topic ${topic}`)
  if (!isMissing) return state
  return { kind: 'waiting', why: `there is ${state.why} yet: depthline ${command} makes it` }
}
