/** What `serve` asks for when somebody asks it: older ticks from the topic, reports from the lake. */
import { lakeFolder } from '../config.js'
import { DepthlineError } from '../errors.js'
import type { Cluster } from '../kafka/client.js'
import { readTopic } from '../kafka/topic-reader.js'
import { offsetsAt } from '../kafka/topics.js'
import { readReport } from '../storage/lake-report.js'
import type { Lake, TickHistory } from '../web/ports.js'
import { openTickReader } from './tick-values.js'

type Environment = Readonly<Record<string, string | undefined>>

export async function openHistory(cluster: Cluster, topic: string): Promise<TickHistory> {
  const readValue = await openTickReader(process.env)
  return {
    async *read({ from }, signal) {
      const start = await offsetsAt(cluster, topic, from * 1000)
      const job = 'depthline-serve-history'
      const options = { topic, job, from: start, follow: false, signal }
      for await (const records of readTopic(cluster, options)) {
        for (const { value, headers, timestampMs } of records) {
          const text = await readValue(value).then(
            (bytes) => (bytes === null ? undefined : new TextDecoder().decode(bytes)),
            () => undefined,
          )
          yield { text, headers, timestampMs }
        }
      }
    },
  }
}

export function openLakeReports(env: Environment): Lake {
  const folder = lakeFolder(env)
  return {
    async report(question, range) {
      try {
        return await readReport(folder, question, range)
      } catch (error) {
        // So it says that there is no lake.
        if (error instanceof DepthlineError && error.code === 'USAGE') return undefined
        throw error
      }
    },
  }
}
