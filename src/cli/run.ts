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
import { KafkaOrderSource } from '../kafka/order-source.js'
import { openSnapshotTopic } from '../kafka/snapshot-topic.js'
import {
  ensureTopics,
  inputTopic,
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
import { assertFlagsOfRole, ROLES, runMergeRole, runShardRole, topicsBetween } from './run-roles.js'
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
  role: z.enum(ROLES, `one of ${ROLES.join(', ')}`),
  standby: z.boolean().default(false),
  snapshotSeconds: wholeNumber(1, 86_400),
  snapshotTopic: topicName().optional(),
  rebuild: z.boolean().default(false),
  acceptIncomplete: z.boolean().default(false),
  createTopics: z.boolean(),
  format: z.enum(TICK_FORMATS, `one of ${TICK_FORMATS.join(', ')}`),
  ...httpFlags,
})

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
    .option('--no-create-topics', 'fail where a topic is missing')
    .action(runCommand)
  addWorkOptions(command)
  addRestartOptions(command)
  addHttpOptions(command)
}

/** What decides how much of the work this process and this thread do. */
function addWorkOptions(command: Command): void {
  command
    .option(
      '--role <role>',
      'all: one process; shard: a share of the partitions, in as many processes as you like; merge: one message of what the shards publish',
      'all',
    )
    .option(
      '--fetch-threads <n>',
      'threads that fetch and decode, so that this one need not: for more than 300,000 events a second',
      '0',
    )
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
  const given = checkFlags(Flags, options)
  const settings = kafkaSettings(process.env)
  const log = openLog('run')
  const job = given.job ?? given.output
  const flags = { ...given, job }
  assertFlagsOfRole(flags)
  const { levels, shards } = topicsBetween(job)
  assertOwnTopics({ ...flags, internal: flags.role === 'all' ? [] : [levels, shards] })
  const health = await runHealth(flags, job, log)
  if (flags.role !== 'all') {
    const cluster = await connect(settings, log, stopSignal)
    const runRole = flags.role === 'shard' ? runShardRole : runMergeRole
    await end(cluster, await runRole(flags, { cluster, log, health }))
    return
  }
  const encodeTick = await openTickEncoder(flags.format, flags.output, process.env)
  const cluster = await connect(settings, log, stopSignal)
  const progress = `${job}.progress`
  const copies = flags.snapshotTopic === undefined ? [] : [flags.snapshotTopic]
  const written = [outputTopic(flags.output), outputTopic(flags.deadLetters)]
  const kept = [progressTopic(progress), ...copies.map(snapshotTopic)]
  const topics = [inputTopic(flags.input), ...written, ...kept]
  await ensureTopics(cluster, topics, flags.createTopics)
  const source = new KafkaOrderSource(cluster, {
    topic: flags.input,
    job,
    threads: flags.fetchThreads,
  })
  health?.measureLag(source)
  const publishing = { ...flags, progress, job, encodeTick }
  const transactions = await openTransactionLog(cluster, publishing)
  const snapshots = [
    openSnapshotFiles(snapshotFolder(process.env, job)),
    ...(await Promise.all(copies.map((topic) => openSnapshotTopic(cluster, topic, job)))),
  ]
  log.info({ ...flags, job, brokers: settings.brokers }, 'running')
  const summary = await run(
    { source, transactions, snapshots, clock: systemClock, log, monitor: health?.monitor },
    {
      ...flags,
      job,
      owner: randomUUID(),
      limits: flags,
      random: Math.random,
      // Spreads the hash tables, so that nobody outside can choose ids that collide.
      seed: randomInt(2 ** 31),
      version,
    },
    stopSignal,
  )
  await end(cluster, summary)
}

async function end(cluster: Cluster, summary: object): Promise<void> {
  await disconnect(cluster)
  await standardOutput.write(`${JSON.stringify(summary)}\n`)
}
