/** `depthline emulate`: order events into the input topic, made from a seed or taken from a file. */
import { createReadStream } from 'node:fs'
import type { Command } from 'commander'
import * as z from 'zod'
import { checkFlags, kafkaSettings, share, symbolList, topicName, wholeNumber } from '../config.js'
import { type EmulatedRecord, emulate, generatedRecords } from '../jobs/emulate.js'
import { readEventFile } from '../jobs/event-file.js'
import { DEFAULT_FAULTS, OrderGenerator } from '../jobs/order-generator.js'
import { type Cluster, connect, disconnect } from '../kafka/client.js'
import { RecordSender } from '../kafka/record-sender.js'
import { ensureTopics, inputTopic, topicRanges } from '../kafka/topics.js'
import { readPieces } from './input.js'
import { openLog, systemClock } from './process.js'
import { showProgress } from './progress.js'
import { stopSignal } from './stop-signal.js'

const Flags = z.object({
  topic: topicName(),
  batch: wholeNumber(1, 100_000),
  interval: wholeNumber(0, 3_600_000),
  count: wholeNumber(1).optional(),
  key: z.boolean(),
  createTopics: z.boolean(),
  file: z.string().min(1).optional(),
  seed: wholeNumber(0),
  symbols: symbolList(),
  closeRatio: share(),
  openOrders: wholeNumber(1, 10_000_000),
  firstId: wholeNumber(0).optional(),
  explicitNulls: z.boolean().default(false),
  backwardCreatedAt: z.boolean().default(false),
  faults: z.union([z.boolean(), share()], 'a number from 0 to 1').default(false),
})
type Flags = Readonly<z.infer<typeof Flags>>

export function addEmulateCommand(program: Command): void {
  program
    .command('emulate')
    .summary('order events into the input topic, 10 every 100 ms')
    .description(
      'Sends order events at a steady rate: made from a seed, so that the same seed gives the same events, or the lines of a file as they are.',
    )
    .option('--topic <topic>', 'where to', 'orders')
    .option('--batch <n>', 'events sent together', '10')
    .option('--interval <ms>', 'time between batches; 0: as fast as Kafka takes them', '100')
    .option('--count <n>', 'stop after so many events')
    .option('--file <file>', 'send the lines of a file, or of - for standard input')
    .option('--seed <n>', 'what the events are made from', '1')
    .option('--symbols <a,b>', 'symbols of the events', 'BTC-USDT,ETH-USDT')
    .option('--close-ratio <share>', 'share of closes while the book grows', '0.3')
    .option('--open-orders <n>', 'open orders that each symbol settles at', '500')
    .option('--first-id <n>', 'first order id (default: one no earlier run can have used)')
    .option('--explicit-nulls', 'closes carry the fields they do not need as nulls')
    .option('--backward-created-at', 'closes are stamped before their opens')
    .option('--no-key', 'no record keys, as the original emulator')
    .option(
      '--faults [share]',
      `mix in duplicates, early closes, amendments, broken records (${DEFAULT_FAULTS} if no share is given)`,
    )
    .option('--no-create-topics', 'fail where the topic is missing')
    .action(emulateCommand)
}

async function emulateCommand(options: unknown): Promise<void> {
  const flags = checkFlags(Flags, options)
  const settings = kafkaSettings(process.env)
  const log = openLog('emulate')
  const cluster = await connect(settings, log, stopSignal)
  await ensureTopics(cluster, [inputTopic(flags.topic)], flags.createTopics)
  const source = await openSource(cluster, flags, stopSignal)
  const sender = new RecordSender(cluster, flags.topic)
  log.info({ ...flags, brokers: settings.brokers }, 'emulating')
  let sent = 0
  const progress = showProgress(() => `${sent} events sent to ${flags.topic}`)
  const send = async (records: readonly EmulatedRecord[]) => {
    await sender.send(records)
    sent += records.length
  }
  try {
    await emulate({ clock: systemClock, log, send }, source, {
      batchSize: flags.batch,
      intervalMs: flags.interval,
      signal: stopSignal,
      ...(flags.count === undefined ? {} : { count: flags.count }),
    })
  } finally {
    progress.end()
    await sender.close()
    await disconnect(cluster)
  }
  log.info({ sent, topic: flags.topic }, 'sent')
}

async function openSource(cluster: Cluster, flags: Flags, signal: AbortSignal) {
  if (flags.file !== undefined) {
    const input = flags.file === '-' ? process.stdin : createReadStream(flags.file)
    return readEventFile(readPieces(input, flags.file, signal), { noKey: !flags.key })
  }
  const generator = new OrderGenerator({
    ...flags,
    firstId: flags.firstId ?? (await unusedId(cluster, flags.topic)),
  })
  return withKeys(generatedRecords(generator, systemClock), flags.key)
}

/** Every id that an earlier run used took a record at least, so counting all records is enough. */
async function unusedId(cluster: Cluster, topic: string): Promise<number> {
  const ranges = await topicRanges(cluster, topic)
  return 1 + ranges.reduce((sum, { high }) => sum + high, 0)
}

function* withKeys(records: Iterable<EmulatedRecord>, hasKeys: boolean): Generator<EmulatedRecord> {
  for (const record of records) yield hasKeys ? record : { ...record, key: null }
}
