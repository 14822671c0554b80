/** `depthline run`: wires the order book job to Kafka. */
import { randomInt, randomUUID } from 'node:crypto'
import type { Command } from 'commander'
import * as z from 'zod'
import { DEFAULT_LIMITS } from '../book/order-books.js'
import {
  checkFlags,
  kafkaSettings,
  levels,
  snapshotFolder,
  topicName,
  wholeNumber,
} from '../config.js'
import { run } from '../jobs/run.js'
import { type Cluster, connect, disconnect } from '../kafka/client.js'
import { FetchThread } from '../kafka/fetch-thread.js'
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
import { assertOwnTopics, bySymbolTopic, rekeyTopics, topicsBetween } from './own-topics.js'
import { openLog, systemClock } from './process.js'
import { assertFlagsOfRole, ROLES } from './role-flags.js'
import type { RoleParts } from './run-roles.js'
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
type JobFlags = Flags & { readonly job: string }

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
    .action((options, self: Command) => {
      return runCommand(options, (flag) => self.getOptionValueSource(flag) === 'cli')
    })
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
      '--by-symbol',
      'publish the newest ladder of each symbol too, to OUTPUT.by-symbol, which a message above the limit gives way to',
    )
    .option('--rekey', 'first write the input to INPUT.by-id, keyed by order_id, and read that')
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

async function runCommand(options: unknown, isGiven: (flag: string) => boolean): Promise<void> {
  const given = checkFlags(Flags, options)
  const settings = kafkaSettings(process.env)
  const log = openLog('run')
  const flags = { ...given, job: given.job ?? given.output }
  assertFlagsOfRole(flags, isGiven)
  namesOf(flags)
  // They load what they need meanwhile; a process that cannot go on ends with them.
  const threads = Array.from({ length: flags.fetchThreads }, () => new FetchThread(log))
  const health = await runHealth(flags, flags.job, log)
  const cluster = await connect(settings, log, stopSignal)
  const parts = { cluster, log, health }
  const isAlone = flags.role === 'all'
  const summary = isAlone ? await runAlone(flags, parts, threads) : await runRole(flags, parts)
  await disconnect(cluster)
  await standardOutput.write(`${JSON.stringify(summary)}\n`)
}

/** What most runs do without is loaded when it is asked for, so that they begin sooner. */
async function runRole(flags: JobFlags, parts: RoleParts): Promise<object> {
  const { runMergeRole, runShardRole } = await import('./run-roles.js')
  return flags.role === 'merge' ? runMergeRole(flags, parts) : runShardRole(flags, parts)
}

/** @returns the summary to print */
async function runAlone(
  flags: JobFlags,
  { cluster, log, health }: RoleParts,
  threads: readonly FetchThread[],
): Promise<object> {
  const names = namesOf(flags)
  const { job, input, bySymbol } = names
  const encodeTick = await openTickEncoder(flags.format, flags.output, process.env)
  const owner = randomUUID()
  const stage = flags.rekey ? await import('./rekey-stage.js') : undefined
  const upstream = await stage?.openRekeyStage(cluster, { ...flags, owner }, log)
  await ensureTopics(cluster, topicsOf(flags, names), flags.createTopics)
  const source = new KafkaOrderSource(cluster, { topic: input, job, threads })
  health?.measureLag(source)
  const transactions = await openTransactionLog(cluster, { ...flags, ...names, encodeTick })
  const ladders = bySymbol === undefined ? undefined : new KafkaLadderTopic(cluster, bySymbol)
  const snapshots = await openSnapshots(cluster, flags, job)
  log.info(flags, 'running')
  const clock = systemClock
  const monitor = health?.monitor
  // The seed spreads the hash tables, so that nobody outside can choose ids that collide.
  const chosen = { owner, version, random: Math.random, seed: randomInt(2 ** 31) }
  return run(
    { source, transactions, snapshots, ladders, upstream, clock, log, monitor },
    { ...flags, ...chosen, limits: flags },
    stopSignal,
  )
}

/** What the flags call the job, and the topics whose names follow from others. */
function namesOf(flags: JobFlags) {
  const { job } = flags
  const { progress, levels, shards } = topicsBetween(job)
  const bySymbol = flags.bySymbol ? bySymbolTopic(flags.output) : undefined
  const rekeyed = flags.rekey ? rekeyTopics({ input: flags.input, job }) : undefined
  const more = {
    '--by-symbol': bySymbol,
    '--rekey': rekeyed?.byId,
    'the progress of --rekey': rekeyed?.progress,
    ...(flags.role === 'all'
      ? {}
      : { 'the levels of --job': levels, 'the shards of --job': shards }),
  }
  assertOwnTopics(flags, more)
  return { job, input: rekeyed?.byId ?? flags.input, progress, bySymbol }
}

function topicsOf(flags: JobFlags, { input, progress, bySymbol }: ReturnType<typeof namesOf>) {
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
