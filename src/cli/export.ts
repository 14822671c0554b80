/** `depthline export`: a topic as a file. */
import type { Command } from 'commander'
import * as z from 'zod'
import {
  assertRange,
  checkFlags,
  kafkaSettings,
  second,
  topicName,
  wholeNumber,
} from '../config.js'
import { DepthlineError } from '../errors.js'
import { EXPORT_FORMATS, type ExportCounts, type TickRecord } from '../jobs/export.js'
import { type Cluster, connect, disconnect } from '../kafka/client.js'
import { readTopic } from '../kafka/topic-reader.js'
import { offsetsAt, topicRanges } from '../kafka/topics.js'
import { openTarget } from './export-target.js'
import { openLog } from './process.js'
import { showProgress } from './progress.js'
import { RecordText } from './record-text.js'
import { stopSignal } from './stop-signal.js'
import { openTickReader } from './tick-values.js'

const FORMATS = [...EXPORT_FORMATS, 'parquet'] as const

const Flags = z.object({
  topic: topicName(),
  format: z.enum(FORMATS, `one of ${FORMATS.join(', ')}`),
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
    .summary('a topic to json, ndjson, csv or parquet')
    .description(
      'Writes the messages of the output topic, or the records of an exchange topic, to standard output or a file: the whole topic or a range of ticks, and with --follow also what comes in from then on.',
    )
    .option('--topic <topic>', 'the output topic of run, or one of poll and analyse', 'order-book')
    .option(
      '--format <format>',
      'json: one array of arrays; ndjson; csv: one level a row; parquet: the same, to a file',
      'json',
    )
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
  if (flags.format === 'parquet' && flags.out === undefined) {
    throw new DepthlineError('USAGE', '--format parquet needs --out, for it is written as a whole')
  }
  const log = openLog('export')
  const timeout = flags.timeout === undefined ? [] : [AbortSignal.timeout(flags.timeout * 1000)]
  const signal = AbortSignal.any([stopSignal, ...timeout])
  const cluster = await connect(kafkaSettings(process.env), log, stopSignal)
  const counts: ExportCounts = { messages: 0, levels: 0 }
  const progress = showProgress(() => `${counts.messages} messages, ${counts.levels} levels`)
  try {
    // Before anything is written, for standard output cannot take it back.
    await topicRanges(cluster, flags.topic)
    const target = await openTarget(flags)
    try {
      await target.write(readTicks(cluster, flags, signal), counts)
      if (signal.aborted && !stopSignal.aborted) {
        throw new DepthlineError(
          'TIMEOUT',
          `${counts.messages} messages came in ${flags.timeout} s`,
        )
      }
      await target.finish()
    } catch (error) {
      await target.discard()
      throw error
    }
  } finally {
    progress.end()
    await disconnect(cluster)
  }
  log.info({ ...counts, out: flags.out }, 'exported')
}

const WITHOUT_BOOKS =
  'records without a value are passed over: messages that gave way to the topic by symbol, or there the end of a book'

/** The messages that the flags ask for, in topic order. */
async function* readTicks(
  cluster: Cluster,
  { topic, from, to, follow, ticks = Number.POSITIVE_INFINITY }: Flags,
  signal: AbortSignal,
): AsyncGenerator<TickRecord> {
  // A tick's record carries its second as the timestamp, so the broker can find the first one.
  const start = from === undefined ? [] : await offsetsAt(cluster, topic, from * 1000)
  const recordText = new RecordText(await openTickReader(process.env))
  let count = 0
  let isToldOfEmpty = false
  for await (const records of readTopic(cluster, {
    topic,
    job: 'depthline-export',
    from: start,
    follow,
    signal,
  })) {
    for (const record of records) {
      const { offset, headers, timestampMs } = record
      const tick = Number(headers.tick ?? Math.floor(timestampMs / 1000))
      if (tick < (from ?? 0)) continue
      if (to !== undefined && tick > to) {
        if (headers.schema === undefined || follow) return
        // The answer to an earlier poll may lie behind those to a later one.
        continue
      }
      if (record.value === null && headers.tick !== undefined) {
        const where = { offset, gaveWayTo: headers.by_symbol }
        if (!isToldOfEmpty) cluster.log.warn(where, WITHOUT_BOOKS)
        isToldOfEmpty = true
        continue
      }
      if (count++ >= ticks) return
      const value = await recordText.of(record)
      yield { tick, offset: String(offset), value, schema: headers.schema }
      if (count >= ticks) return
    }
  }
}
