/** `depthline analyse`: wires the analysis of raw books to Kafka, the lake and PostgreSQL. */
import { randomUUID } from 'node:crypto'
import type { Command } from 'commander'
import * as z from 'zod'
import { checkFlags, kafkaSettings, lakeFolder, topicName } from '../config.js'
import { DepthlineError } from '../errors.js'
import { analyse } from '../jobs/analyse.js'
import { rebuild } from '../jobs/rebuild.js'
import { type Cluster, connect, disconnect } from '../kafka/client.js'
import { openLogReader } from '../kafka/log-reader.js'
import { openRecordLog } from '../kafka/record-log.js'
import {
  assertOnePartition,
  ensureTopics,
  outputTopic,
  progressTopic,
  roundTopic,
  type TopicSpec,
  topicRanges,
} from '../kafka/topics.js'
import { readRounds } from '../storage/lake-reader.js'
import { ANALYSIS_PROGRESS } from '../wire/round-progress.js'
import { feeList, notionalList } from './analysis-flags.js'
import { openCodec, openReader } from './codecs.js'
import { addHttpOptions, httpFlags } from './http-flags.js'
import { analyseHealth } from './job-health.js'
import { standardOutput } from './output.js'
import { openLog, systemClock } from './process.js'
import { openRebuildSink, openSinks } from './round-sinks.js'
import { stopSignal } from './stop-signal.js'
import { version } from './version.js'

const Flags = z.object({
  input: topicName(),
  depth: topicName(),
  analytics: topicName(),
  deadLetters: topicName(),
  notionals: notionalList(),
  fees: feeList().default(new Map()),
  once: z.boolean().default(false),
  fromLake: z.boolean().default(false),
  out: z.string().min(1).optional(),
  acceptIncomplete: z.boolean().default(false),
  createTopics: z.boolean(),
  ...httpFlags,
})

export function addAnalyseCommand(program: Command): void {
  const command = program
    .command('analyse')
    .summary('raw books to depth and analytics topics, the lake, and PostgreSQL')
    .description(
      'Reads the rounds that poll writes; for each writes what every book says and, for each market, the average mid price and the best exchange. The same rounds give the same records. Prints a summary as JSON when it is stopped.',
    )
    .option('--input <topic>', 'raw books, of poll', 'exchange-books')
    .option('--depth <topic>', 'one record for each book and round', 'exchange-depth')
    .option('--analytics <topic>', 'one record for each market and round', 'market-analytics')
    .option('--dead-letters <topic>', 'records that are none of poll', 'exchange-books.dead-letter')
    .option(
      '--notionals <amounts>',
      'order sizes in quote units; the smallest decides which exchange is best',
      '50000,100000',
    )
    .option('--fees <exchange=bps,…>', 'taker fees in basis points, for a second, net ranking')
    .option('--once', 'end at what the topic holds by now')
    .option(
      '--from-lake',
      'make depth and analytics anew from the raw books of the lake, without Kafka',
    )
    .option(
      '-o, --out <folder>',
      'with --from-lake: the lake to write to (default: PostgreSQL alone)',
    )
    .option('--accept-incomplete', 'go on where rounds were deleted before they were analysed')
    .option('--no-create-topics', 'fail where a topic is missing')
    .action(analyseCommand)
  addHttpOptions(command)
}

async function analyseCommand(options: unknown): Promise<void> {
  const flags = checkFlags(Flags, options)
  if (flags.fromLake && flags.http) throw new DepthlineError('USAGE', '--from-lake takes no --http')
  if (flags.fromLake) return rebuildLake(flags)
  if (flags.out !== undefined) throw new DepthlineError('USAGE', '--out needs --from-lake')
  const settings = kafkaSettings(process.env)
  const log = openLog('analyse')
  const health = await analyseHealth(flags, log)
  const { input, depth: depthTopic, analytics: analyticsTopic, deadLetters } = flags
  // Two jobs of one analytics topic would say everything twice, so it is the lock.
  const job = analyticsTopic
  const codecs = {
    polls: await openReader('exchange-poll'),
    depth: await openCodec(depthTopic, 'exchange-depth'),
    analytics: await openCodec(analyticsTopic, 'market-analytics'),
  }
  const cluster = await connect(settings, log, stopSignal)
  const progress = `${job}.progress`
  const outputs = [depthTopic, analyticsTopic]
  await prepareTopics(cluster, flags, [...outputs.map(roundTopic), progressTopic(progress)])
  const text = ANALYSIS_PROGRESS
  const transactions = await openRecordLog(cluster, { outputs, deadLetters, progress, job, text })
  const sinks = await openSinks(log, lakeFolder(process.env), job)
  const kept = { postgres: sinks.postgres?.place }
  const { brokers } = settings
  log.info({ input, depthTopic, analyticsTopic, job, brokers, ...kept }, 'analysing')
  const counts = await analyse(
    {
      ...codecs,
      async open(from) {
        const reader = await openLogReader(cluster, { topic: input, job, from: [from] })
        const end = async () => (await topicRanges(cluster, input))[0]?.high ?? 0
        return health?.watch(reader, end) ?? reader
      },
      transactions,
      sinks: sinks.all,
      clock: systemClock,
      log,
      monitor: health?.monitor,
    },
    {
      ...flags,
      depthTopic,
      analyticsTopic,
      job,
      owner: randomUUID(),
      random: Math.random,
      version,
    },
    stopSignal,
  )
  await sinks.close()
  await disconnect(cluster)
  await standardOutput.write(`${JSON.stringify(counts)}\n`)
}

async function prepareTopics(
  cluster: Cluster,
  { input, deadLetters, createTopics }: z.infer<typeof Flags>,
  others: readonly TopicSpec[],
): Promise<void> {
  const topics = [roundTopic(input), outputTopic(deadLetters), ...others]
  await ensureTopics(cluster, topics, createTopics)
  assertOnePartition(input, await topicRanges(cluster, input))
}

async function rebuildLake({ out, ...flags }: z.infer<typeof Flags>): Promise<void> {
  const log = openLog('analyse')
  const folder = lakeFolder(process.env)
  const sink = await openRebuildSink(log, folder, out)
  const counts = await rebuild({ rounds: readRounds(folder), sink, log }, flags, stopSignal)
  await sink.close()
  if (counts.rounds === 0 && !stopSignal.aborted) {
    throw new DepthlineError('FILE_FAILED', `no rounds in ${folder} (DEPTHLINE_DATA)`)
  }
  await standardOutput.write(`${JSON.stringify(counts)}\n`)
}
