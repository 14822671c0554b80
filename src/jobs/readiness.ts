/** When a job is well enough to be relied on: each rule gives what is wrong, or undefined where nothing is. */
import type { PollReading, RunReading } from './monitor.js'

const MAX_TICK_AGE_MS = 3_000
const MAX_ROUND_PERIODS = 2
const MAX_WAITING_MS = 10_000

/** A leader has ticked, a standby has followed a tick, and each shard has published, within the last 3 s. */
export function whyRunIsNotReady(
  reading: Pick<RunReading, 'role' | 'lastTick'> | undefined,
): string | undefined {
  if (reading === undefined || reading.role === 'starting') return 'still catching up'
  const { lastTick } = reading
  // A process without a shard is a spare, and well.
  if (lastTick === undefined && reading.role === 'shard') return undefined
  if (lastTick === undefined)
    return `no tick ${reading.role === 'leader' ? 'published' : 'seen'} yet`
  if (lastTick.agoMs <= MAX_TICK_AGE_MS) return undefined
  return `the last tick was ${seconds(lastTick.agoMs)} ago`
}

/** The last complete round began at most two periods ago. */
export function whyPollIsNotReady(
  reading: Pick<PollReading, 'complete' | 'agoMs'> | undefined,
  periodMs: number,
): string | undefined {
  if (reading === undefined) return 'still starting'
  if (reading.complete === null) return 'no round is complete yet'
  if (reading.agoMs <= MAX_ROUND_PERIODS * periodMs) return undefined
  return `the last complete round began ${seconds(reading.agoMs)} ago`
}

/** @param waitingMs for how long there have been records that are not worked through; undefined where Kafka does not say */
export function whyAnalyseIsNotReady(waitingMs: number | undefined): string | undefined {
  if (waitingMs === undefined) return 'still starting, or Kafka does not answer'
  if (waitingMs <= MAX_WAITING_MS) return undefined
  return `records have been waiting for ${seconds(waitingMs)}`
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}
