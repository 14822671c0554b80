/** `depthline export`: the output topic as a file. */
import type { Command } from 'commander'
import { z } from 'zod'
import {
  assertRange,
  checkFlags,
  kafkaSettings,
  second,
  topicName,
  wholeNumber,
} from '../config.js'
import { DepthlineError } from '../errors.js'
import { EXPORT_FORMATS, exportText, type TickRecord } from '../jobs/export.js'
import { type Cluster, connect, disconnect } from '../kafka/client.js'
import { readTopic } from '../kafka/topic-reader.js'
import { offsetsAt, topicRanges } from '../kafka/topics.js'
import { fileOutput, standardOutput } from './output.js'
import { openLog } from './process.js'
import { showProgress } from './progress.js'
import { stopSignal } from './stop-signal.js'
import { openTickReader } from './tick-values.js'

const Flags = z.object({
  topic: topicName(),
  format: z.enum(EXPORT_FORMATS, `one of ${EXPORT_FORMATS.join(', ')}`),
  out: z.string().min(1).optional(),
  from: second().optional(),
  to: second().optional(),
  follow: z.boolean().default(false),
  ticks: wholeNumber(1).optional(),
  timeout: wholeNumber(1, 1_000_000).optional(),
})
type Flags = Readonly<z.infer<typeof Flags>>

export function addExportCommand(program: Command): void {
  program
    .command('export')
    .summary('a topic to json, ndjson or csv')
    .description(
      'Writes the messages of the output topic to standard output or a file: the whole topic or a range of ticks, and with --follow also what comes in from then on.',
    )
    .option('--topic <topic>', 'the output topic of run', 'order-book')
    .option('--format <format>', 'json: one array of arrays; ndjson; csv: one level a row', 'json')
    .option('-o, --out <file>', 'a file, which appears when it is whole')
    .option('--from <tick>', 'first tick: an epoch second or a time')
    .option('--to <tick>', 'last tick, included')
    .option('--follow', 'go on with new messages until stopped')
    .option('--ticks <n>', 'end after so many messages; waits for them with --follow')
    .option('--timeout <seconds>', 'give up after so long (exit 5)')
    .action(exportCommand)
}

async function exportCommand(options: unknown): Promise<void> {
  const flags = checkFlags(Flags, options)
  assertRange(flags)
  const log = openLog('export')
  const timeout = flags.timeout === undefined ? [] : [AbortSignal.timeout(flags.timeout * 1000)]
  const signal = AbortSignal.any([stopSignal, ...timeout])
  const cluster = await connect(kafkaSettings(process.env), log, stopSignal)
  // Before anything is written, for standard output cannot take it back.
  await topicRanges(cluster, flags.topic)
  const output = flags.out === undefined ? standardOutput : await fileOutput(flags.out)
  const counts = { messages: 0, levels: 0 }
  const progress = showProgress(() => `${counts.messages} messages, ${counts.levels} levels`)
  try {
    const ticks = readTicks(cluster, flags, signal)
    for await (const text of exportText(ticks, flags.format, counts)) await output.write(text)
    if (signal.aborted && !stopSignal.aborted) {
      throw new DepthlineError('TIMEOUT', `${counts.messages} messages came in ${flags.timeout} s`)
    }
    await output.finish()
  } catch (error) {
    await output.discard()
    throw error
  } finally {
    progress.end()
    await disconnect(cluster)
  }
  log.info({ ...counts, out: flags.out }, 'exported')
}

/** The tick messages that the flags ask for, in topic order. */
async function* readTicks(
  cluster: Cluster,
  { topic, from, to, follow, ticks = Number.POSITIVE_INFINITY }: Flags,
  signal: AbortSignal,
): AsyncGenerator<TickRecord> {
  // A tick's record carries its second as the timestamp, so the broker can find the first one.
  const start = from === undefined ? [] : await offsetsAt(cluster, topic, from * 1000)
  const read = await openTickReader(process.env)
  let count = 0
  for await (const records of readTopic(cluster, {
    topic,
    job: 'depthline-export',
    from: start,
    follow,
    signal,
  })) {
    for (const { offset, value, headers, timestampMs } of records) {
      const tick = Number(headers.tick ?? Math.floor(timestampMs / 1000))
      if (tick < (from ?? 0)) continue
      if (to !== undefined && tick > to) return
      if (count++ >= ticks) return
      const text = new TextDecoder().decode((await read(value)) ?? undefined)
      yield { tick, offset: String(offset), value: text }
      if (count >= ticks) return
    }
  }
}
