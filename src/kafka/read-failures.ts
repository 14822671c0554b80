/** What can go wrong with reading a topic: what may pass, what is refused, and a log that is lost. */
import { DepthlineError } from '../errors.js'
import type { Cluster } from './client.js'
import { kafkaError } from './failures.js'
import { topicRanges } from './topics.js'

const LOOK_AGAIN_MS = 1_000

/** Two looks, because a broker that starts may not know its topics yet. */
export async function assertStillThere(cluster: Cluster, topic: string): Promise<void> {
  for (let look = 1; look <= 2; look++) {
    try {
      await topicRanges(cluster, topic)
      return
    } catch (error) {
      if (!(error instanceof DepthlineError && error.code === 'TOPIC_MISSING')) return
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
  }
  throw lost(topic, 'is gone')
}

export function lost(topic: string, what: string): DepthlineError {
  const advice = 'give the old log back, or start a new job (--job, --output) on this one'
  return new DepthlineError('LOG_LOST', `topic ${topic} ${what}: ${advice}`)
}

export function stalled(topic: string, limitMs: number): DepthlineError {
  const message = `reading ${topic}: nothing fetched for ${limitMs / 1000} s`
  return new DepthlineError('STALLED', message, { retriable: true })
}

export function gap(topic: string, ms: number): DepthlineError {
  const message = `reading ${topic}: nothing for ${(ms / 1000).toFixed(1)} s; looking whether it is still the same log`
  return new DepthlineError('STALLED', message, { retriable: true })
}

/** A broker that is away comes back; what it refuses on purpose stays refused. */
const REFUSED = /authoriz|authentic|SASL|unsupported|not implemented|invalid topic/i

export function asFailure(error: unknown, topic: string): DepthlineError {
  const failure = kafkaError(error, `reading ${topic}`)
  if (!failure.retriable || !REFUSED.test(failure.message)) return failure
  return new DepthlineError('KAFKA_FAILED', failure.message, { cause: error })
}

/** A broker on its first or next start answers so for some milliseconds. */
export function isSettling({ message }: Error): boolean {
  return /coordinator is (loading|not available)/.test(message)
}
