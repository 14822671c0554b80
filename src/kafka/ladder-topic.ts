/** The topic of `--by-symbol` as `run` finds it: which symbols have a ladder there. */
import type { Cluster } from './client.js'
import { readTopic } from './topic-reader.js'

export class KafkaLadderTopic {
  readonly topic: string
  readonly #cluster: Cluster

  constructor(cluster: Cluster, topic: string) {
    this.#cluster = cluster
    this.topic = topic
  }

  /**
   * Reads all that is not compacted away yet.
   *
   * @throws DepthlineError TOPIC_MISSING, KAFKA_FAILED, KAFKA_UNREACHABLE
   */
  async symbols(signal: AbortSignal): Promise<Iterable<string>> {
    const symbols = new Set<string>()
    const { topic } = this
    const read = { topic, job: `${topic}.start`, follow: false, signal }
    for await (const records of readTopic(this.#cluster, read)) {
      for (const { key, value } of records) {
        const symbol = new TextDecoder().decode(key ?? undefined)
        if (value === null) symbols.delete(symbol)
        else symbols.add(symbol)
      }
    }
    return symbols
  }
}
