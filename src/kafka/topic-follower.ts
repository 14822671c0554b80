/** Follows a topic for as long as a process runs: waits until it is there, and begins again where it was made anew. */
import { setImmediate as breathe, setTimeout as sleep } from 'node:timers/promises'
import { DepthlineError } from '../errors.js'
import type { LogRecord, PartitionRange } from '../wire/records.js'
import type { Cluster } from './client.js'
import { openLogReader } from './log-reader.js'
import { assertOnePartition, topicRanges } from './topics.js'

/** How far the reading is; `waiting` says for what. */
export type FollowState =
  | { readonly kind: 'waiting'; readonly why: string }
  | { readonly kind: 'reading' }
  | { readonly kind: 'live' }

export interface FollowOptions {
  readonly topic: string
  /** Begins the name of the consumer's own group, which nobody else joins. */
  readonly job: string
  /** Where to begin in a topic that was not read before. */
  start(range: PartitionRange): Promise<number>
  /** @param isNew false of what the topic held when reading began */
  take(record: LogRecord, isNew: boolean): Promise<void>
  onState(state: FollowState): void
  readonly signal: AbortSignal
}

const RETRY_MS = 1_000

/**
 * Resolves when `signal` aborts.
 *
 * @throws DepthlineError USAGE where the topic has several partitions
 */
export async function followTopic(cluster: Cluster, options: FollowOptions): Promise<void> {
  const { topic, signal, onState } = options
  const place: Place = { position: undefined }
  let said = ''
  while (!signal.aborted) {
    try {
      await follow(cluster, options, place)
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof DepthlineError) || error.code === 'USAGE') throw error
      const { message } = error
      if (error.code === 'LOG_LOST') place.position = undefined
      onState({ kind: 'waiting', why: message })
      if (message !== said) cluster.log.warn({ topic, reason: message }, 'waiting for a topic')
      said = message
    }
    await sleep(RETRY_MS, undefined, { signal }).catch(() => {})
  }
}

interface Place {
  /** Where to go on; undefined before anything was read. */
  position: number | undefined
}

async function follow(cluster: Cluster, options: FollowOptions, place: Place): Promise<void> {
  const { topic, job, signal, take, onState } = options
  const ranges = await topicRanges(cluster, topic)
  assertOnePartition(topic, ranges)
  const range = ranges[0]!
  const { position } = place
  const isKnown = position !== undefined && range.low <= position && position <= range.high
  const from = isKnown ? position : await options.start(range)
  onState({ kind: from < range.high ? 'reading' : 'live' })
  const reader = await openLogReader(cluster, { topic, job, from: [from] })
  const stop = () => void reader.stop()
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  try {
    for (;;) {
      const piece = await reader.next(0)
      if (piece === undefined) return
      for (const record of piece.records) {
        const isNew = Number(record.offset) >= range.high
        await take(record, isNew)
        // A day of records must not keep everybody else waiting.
        if (!isNew) await breathe()
      }
      place.position = piece.position
      if (piece.position >= range.high) onState({ kind: 'live' })
    }
  } finally {
    signal.removeEventListener('abort', stop)
    await reader.stop()
  }
}
