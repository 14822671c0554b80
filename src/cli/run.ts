/** `depthline run`: wires the order book job to Kafka. */
import { randomInt, randomUUID } from 'node:crypto'
import type { Command } from 'commander'
import { z } from 'zod'
import { DEFAULT_LIMITS } from '../book/order-books.js'
import {
  assertOwnTopics,
  checkFlags,
  kafkaSettings,
  levels,
  snapshotFolder,
  topicName,
  wholeNumber,
} from '../config.js'
import { run } from '../jobs/run.js'
import { type Cluster, connect, disconnect } from '../kafka/client.js'
import { KafkaLadderTopic } from '../kafka/ladder-topic.js'
import { KafkaOrderSource } from '../kafka/order-source.js'
import { openSnapshotTopic } from '../kafka/snapshot-topic.js'
import {
  ensureTopics,
  inputTopic,
  ladderTopic,
  outputTopic,
  progressTopic,
  snapshotTopic,
} from '../kafka/topics.js'
import { openTransactionLog } from '../kafka/transaction-log.js'
import { openSnapshotFiles } from '../storage/snapshot-files.js'
import { addHttpOptions, httpFlags } from './http-flags.js'
import { runHealth } from './job-health.js'
import { standardOutput } from './output.js'
import { openLog, systemClock } from './process.js'
import { openRekeyStage, rekeyTopics } from './rekey-stage.js'
import { stopSignal } from './stop-signal.js'
import { openTickEncoder, TICK_FORMATS } from './tick-values.js'
import { version } from './version.js'

const Flags = z.object({
  input: topicName(),
  output: topicName(),
  deadLetters: topicName(),
  job: topicName().optional(),
  levels: levels(),
  closedWindow: wholeNumber(1, 100_000_000),
  maxOpenOrders: wholeNumber(1),
  maxWaitingCloses: wholeNumber(1),
  fetchThreads: wholeNumber(0, 64),
  standby: z.boolean().default(false),
  bySymbol: z.boolean().default(false),
  rekey: z.boolean().default(false),
  snapshotSeconds: wholeNumber(1, 86_400),
  snapshotTopic: topicName().optional(),
  rebuild: z.boolean().default(false),
  acceptIncomplete: z.boolean().default(false),
  createTopics: z.boolean(),
  format: z.enum(TICK_FORMATS, `one of ${TICK_FORMATS.join(', ')}`),
  ...httpFlags,
})
type Flags = Readonly<z.infer<typeof Flags>>

export function addRunCommand(program: Command): void {
  const command = program
    .command('run')
    .summary('the order book: orders in, one message a second out')
    .description(
      'Reads order events from every partition of the input topic and writes, on every UTC second, one message with all books. Prints a summary as JSON when it is stopped.',
    )
    .option('--input <topic>', 'order events', 'orders')
    .option('--output <topic>', 'one message a second', 'order-book')
    .option('--dead-letters <topic>', 'rejected records', 'orders.dead-letter')
    .option(
      '--job <name>',
      "the job's name: key of its messages, name of its progress topic, and its lock (default: the output topic)",
    )
    .option('--levels <n|all>', 'levels a side in the message', '15')
    .option('--format <format>', 'json, or avro by SCHEMA_REGISTRY_URL', 'json')
    .option(
      '--closed-window <n>',
      'closed ids that each partition remembers',
      String(DEFAULT_LIMITS.closedWindow),
    )
    .option(
      '--max-open-orders <n>',
      'stop above so many open orders',
      String(DEFAULT_LIMITS.maxOpenOrders),
    )
    .option(
      '--max-waiting-closes <n>',
      'stop above so many closes whose open has not come',
      String(DEFAULT_LIMITS.maxWaitingCloses),
    )
    .option(
      '--fetch-threads <n>',
      'threads that fetch and decode, so that this one need not: for more than 300,000 events a second',
      '0',
    )
    .option(
      '--by-symbol',
      'publish the newest ladder of each symbol too, to OUTPUT.by-symbol, which a message above the limit gives way to',
    )
    .option('--rekey', 'first write the input to INPUT.by-id, keyed by order_id, and read that')
    .option('--no-create-topics', 'fail where a topic is missing')
    .action(runCommand)
  addRestartOptions(command)
  addHttpOptions(command)
}

/** What decides how a job goes on after a stop. */
function addRestartOptions(command: Command): void {
  command
    .option(
      '--standby',
      'wait, warm, and take over when the tick of the running job is 2 s overdue',
    )
    .option('--snapshot-seconds <n>', 'time between two snapshots of the state', '30')
    .option('--snapshot-topic <topic>', 'keep a copy of the snapshots in Kafka')
    .option('--rebuild', 'ignore snapshots and read the input from its start')
    .option(
      '--accept-incomplete',
      'go on where the start of the input is gone, and mark every message as incomplete',
    )
}

async function runCommand(options: unknown): Promise<void> {
  const flags = checkFlags(Flags, options)
  const settings = kafkaSettings(process.env)
  const log = openLog('run')
  const names = namesOf(flags)
  const { job, input, bySymbol } = names
  const health = await runHealth(flags, job, log)
  const encodeTick = await openTickEncoder(flags.format, flags.output, process.env)
  const cluster = await connect(settings, log, stopSignal)
  const owner = randomUUID()
  const upstream = flags.rekey
    ? await openRekeyStage(cluster, { ...flags, job, owner }, log)
    : undefined
  await ensureTopics(cluster, topicsOf(flags, names), flags.createTopics)
  const threads = flags.fetchThreads
  const source = new KafkaOrderSource(cluster, { topic: input, job, threads })
  health?.measureLag(source)
  const transactions = await openTransactionLog(cluster, { ...flags, ...names, encodeTick })
  const ladders = bySymbol === undefined ? undefined : new KafkaLadderTopic(cluster, bySymbol)
  const snapshots = await openSnapshots(cluster, flags, job)
  log.info({ ...flags, job, brokers: settings.brokers }, 'running')
  const summary = await run(
    {
      source,
      transactions,
      snapshots,
      ladders,
      upstream,
      clock: systemClock,
      log,
      monitor: health?.monitor,
    },
    {
      ...flags,
      job,
      owner,
      limits: flags,
      random: Math.random,
      // Spreads the hash tables, so that nobody outside can choose ids that collide.
      seed: randomInt(2 ** 31),
      version,
    },
    stopSignal,
  )
  await disconnect(cluster)
  await standardOutput.write(`${JSON.stringify(summary)}\n`)
}

/** What the flags call the job, and the topics whose names follow from others. */
function namesOf(flags: Flags) {
  const job = flags.job ?? flags.output
  const progress = `${job}.progress`
  const bySymbol = flags.bySymbol ? `${flags.output}.by-symbol` : undefined
  const rekeyed = flags.rekey ? rekeyTopics({ input: flags.input, job }) : undefined
  const more = {
    '--by-symbol': bySymbol,
    '--rekey': rekeyed?.byId,
    'the progress of --rekey': rekeyed?.progress,
  }
  assertOwnTopics({ ...flags, job }, more)
  return { job, input: rekeyed?.byId ?? flags.input, progress, bySymbol }
}

function topicsOf(flags: Flags, { input, progress, bySymbol }: ReturnType<typeof namesOf>) {
  const written = [outputTopic(flags.output), outputTopic(flags.deadLetters)]
  const topics = [inputTopic(input), ...written, progressTopic(progress)]
  if (flags.snapshotTopic !== undefined) topics.push(snapshotTopic(flags.snapshotTopic))
  if (bySymbol !== undefined) topics.push(ladderTopic(bySymbol))
  return topics
}

async function openSnapshots(cluster: Cluster, { snapshotTopic }: Flags, job: string) {
  const files = openSnapshotFiles(snapshotFolder(process.env, job))
  if (snapshotTopic === undefined) return [files]
  return [files, await openSnapshotTopic(cluster, snapshotTopic, job)]
}
