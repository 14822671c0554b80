/** `depthline poll`: wires the poller to the exchanges and to Kafka. */
import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import type { Command } from 'commander'
import * as z from 'zod'
import { checkFlags, kafkaSettings, topicName, wholeNumber } from '../config.js'
import { DepthlineError } from '../errors.js'
import { LATE_MS } from '../exchanges/ask-exchange.js'
import type { Exchanges } from '../jobs/exchange-ports.js'
import { poll } from '../jobs/poll.js'
import { connect, disconnect } from '../kafka/client.js'
import { openRecordLog } from '../kafka/record-log.js'
import { ensureTopics, progressTopic, roundTopic } from '../kafka/topics.js'
import type { Exchange } from '../wire/exchanges/exchange.js'
import { POLL_PROGRESS } from '../wire/round-progress.js'
import { askForBook } from './ask-book.js'
import { openCodec } from './codecs.js'
import {
  DEFAULT_EXCHANGES,
  exchangeList,
  marketList,
  warnOfOtherOrigins,
} from './exchange-flags.js'
import { addHttpOptions, httpFlags } from './http-flags.js'
import { pollHealth } from './job-health.js'
import { standardOutput } from './output.js'
import { openLog, systemClock } from './process.js'
import { stopSignal } from './stop-signal.js'
import { version } from './version.js'

const Flags = z.object({
  exchanges: z.string(),
  markets: z.string(),
  output: topicName(),
  every: wholeNumber(2, 3600),
  once: z.boolean().default(false),
  createTopics: z.boolean(),
  ...httpFlags,
})

/** Each answer of a round is in time when it comes within this of the round's start. */
const DEADLINE_MS = 10_000

export function addPollCommand(program: Command): void {
  const command = program
    .command('poll')
    .summary('exchanges to raw books topic, every minute')
    .description(
      'Asks every exchange for every market on the UTC minute and writes what they answer, as they answer it: one record for each book and minute, then one that the round is complete. Prints a summary as JSON when it is stopped.',
    )
    .option(
      '--exchanges <names>',
      'whom to ask, the preferred one at equal prices first',
      DEFAULT_EXCHANGES,
    )
    .option('--markets <names>', 'what to ask for, with commas', 'BTC-USD,ETH-USD')
    .option('--output <topic>', 'raw books', 'exchange-books')
    .option('--every <seconds>', 'time between two rounds', '60')
    .option('--once', 'one round, the one that the clock is in')
    .option('--no-create-topics', 'fail where a topic is missing')
    .action(pollCommand)
  addHttpOptions(command)
}

async function pollCommand(options: unknown): Promise<void> {
  const flags = checkFlags(Flags, options)
  const settings = kafkaSettings(process.env)
  const exchanges = exchangeList(flags.exchanges)
  const markets = marketList(flags.markets, exchanges)
  const log = openLog('poll')
  warnOfOtherOrigins(exchanges, log)
  const job = flags.output
  const names = exchanges.map(({ name }) => name)
  const periodMs = flags.every * 1000
  const monitor = await pollHealth(flags, { exchanges: names, periodMs }, log)
  const codec = await openCodec(flags.output, 'exchange-poll')
  const cluster = await connect(settings, log, stopSignal)
  const progress = `${job}.progress`
  const topics = [roundTopic(flags.output), progressTopic(progress)]
  await ensureTopics(cluster, topics, flags.createTopics)
  const outputs = [flags.output]
  const transactions = await openRecordLog(cluster, { outputs, progress, job, text: POLL_PROGRESS })
  log.info({ ...flags, brokers: settings.brokers }, 'polling')
  const counts = await poll(
    { exchanges: asking(exchanges), transactions, codec, clock: systemClock, log, monitor },
    {
      job,
      topic: flags.output,
      exchanges: names,
      markets,
      periodMs,
      // A round is over before the next one begins.
      deadlineMs: Math.min(DEADLINE_MS, periodMs - 1000),
      once: flags.once,
      owner: randomUUID(),
      random: Math.random,
      version,
    },
    stopSignal,
  )
  await disconnect(cluster)
  await standardOutput.write(`${JSON.stringify(counts)}\n`)
  if (flags.once && counts.rounds > 0 && counts.answers === 0) {
    throw new DepthlineError('EXCHANGE_FAILED', `no answer from ${flags.exchanges}`)
  }
}

function asking(exchanges: readonly Exchange[]): Exchanges {
  // A round in hand is finished when the process is told to stop.
  const { signal } = new AbortController()
  // Every request listens to it, and Node takes more than ten for a leak.
  setMaxListeners(0, signal)
  const terms = { lateMs: LATE_MS, clock: systemClock, signal }
  return {
    async ask({ exchange: name, market, pollAt, deadlineMs }, onLate) {
      const exchange = exchanges.find((one) => one.name === name)!
      const deadlineAt = systemClock.monotonic() + deadlineMs - systemClock.now()
      const { record, late } = await askForBook({ exchange, market, pollAt, deadlineAt, ...terms })
      void late?.then((answer) => answer && onLate(answer))
      return record
    },
  }
}
