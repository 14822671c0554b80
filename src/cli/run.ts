/** `depthline run`: wires the order book job to Kafka. */
import { randomInt } from 'node:crypto'
import type { Command } from 'commander'
import { z } from 'zod'
import { DEFAULT_LIMITS } from '../book/order-books.js'
import { checkFlags, kafkaSettings, levels, topicName, wholeNumber } from '../config.js'
import { DepthlineError } from '../errors.js'
import { run } from '../jobs/run.js'
import { connect, disconnect } from '../kafka/client.js'
import { openOrderSource } from '../kafka/order-source.js'
import { openTickSink } from '../kafka/tick-sink.js'
import { ensureTopics, inputTopic, outputTopic, progressTopic } from '../kafka/topics.js'
import { standardOutput } from './output.js'
import { openLog, systemClock } from './process.js'
import { stopSignal } from './stop-signal.js'
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
  createTopics: z.boolean(),
})

export function addRunCommand(program: Command): void {
  program
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
}

async function runCommand(options: unknown): Promise<void> {
  const flags = checkFlags(Flags, options)
  refuseSameTopic(flags)
  const settings = kafkaSettings(process.env)
  const log = openLog('run')
  const job = flags.job ?? flags.output
  const cluster = await connect(settings, log, stopSignal)
  const progress = `${job}.progress`
  const topics = [
    inputTopic(flags.input),
    outputTopic(flags.output),
    outputTopic(flags.deadLetters),
    progressTopic(progress),
  ]
  await ensureTopics(cluster, topics, flags.createTopics)
  const source = await openOrderSource(cluster, { topic: flags.input, job })
  const sink = await openTickSink(cluster, { ...flags, progress, job, version })
  log.info({ ...flags, job, brokers: settings.brokers }, 'running')
  const summary = await run(
    { source, sink, clock: systemClock, log },
    {
      levels: flags.levels,
      limits: flags,
      // Spreads the hash tables, so that nobody outside can choose ids that collide.
      seed: randomInt(2 ** 31),
      version,
    },
    stopSignal,
  )
  await disconnect(cluster)
  await standardOutput.write(`${JSON.stringify(summary)}\n`)
}

/** A topic in two roles would feed the job with what it writes, without end. */
function refuseSameTopic({ input, output, deadLetters }: z.infer<typeof Flags>): void {
  const roles = { '--input': input, '--output': output, '--dead-letters': deadLetters }
  const names = Object.keys(roles)
  for (const [index, topic] of Object.values(roles).entries()) {
    const first = Object.values(roles).indexOf(topic)
    if (first === index) continue
    throw new DepthlineError(
      'USAGE',
      `${names[first]} and ${names[index]} name the same topic, ${topic}, and must differ`,
    )
  }
}
