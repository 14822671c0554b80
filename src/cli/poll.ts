/** `depthline poll`: wires the poller to the exchanges and to Kafka. */
import { randomUUID } from 'node:crypto'
import type { Command } from 'commander'
import { z } from 'zod'
import { checkFlags, exchangeOrigin, kafkaSettings, topicName, wholeNumber } from '../config.js'
import { askExchange, LATE_MS } from '../exchanges/ask-exchange.js'
import { poll } from '../jobs/poll.js'
import type { Exchanges } from '../jobs/ports.js'
import { connect, disconnect } from '../kafka/client.js'
import { openRecordLog } from '../kafka/record-log.js'
import { ensureTopics, progressTopic, roundTopic } from '../kafka/topics.js'
import { EXCHANGES } from '../wire/exchanges/exchanges.js'
import { POLL_PROGRESS } from '../wire/round-progress.js'
import { openCodec } from './codecs.js'
import { exchangeList, marketList } from './exchange-flags.js'
import { standardOutput } from './output.js'
import { openLog, systemClock } from './process.js'
import { stopSignal } from './stop-signal.js'
import { version } from './version.js'

const Flags = z.object({
  exchanges: exchangeList(),
  markets: marketList(),
  output: topicName(),
  every: wholeNumber(2, 3600),
  once: z.boolean().default(false),
  createTopics: z.boolean(),
})

/** Each answer of a round is in time when it comes within this of the round's start. */
const DEADLINE_MS = 10_000

export function addPollCommand(program: Command): void {
  program
    .command('poll')
    .summary('exchanges to raw books topic, every minute')
    .description(
      'Asks every exchange for every market on the UTC minute and writes what they answer, as they answer it: one record for each book and minute, then one that the round is complete. Prints a summary as JSON when it is stopped.',
    )
    .option('--exchanges <names>', 'whom to ask, with commas', 'coinbase,kraken')
    .option('--markets <names>', 'what to ask for, with commas', 'BTC-USD,ETH-USD')
    .option('--output <topic>', 'raw books', 'exchange-books')
    .option('--every <seconds>', 'time between two rounds', '60')
    .option('--once', 'one round, the one that the clock is in')
    .option('--no-create-topics', 'fail where a topic is missing')
    .action(pollCommand)
}

async function pollCommand(options: unknown): Promise<void> {
  const flags = checkFlags(Flags, options)
  const settings = kafkaSettings(process.env)
  const exchanges = openExchanges(flags.exchanges)
  const log = openLog('poll')
  const job = flags.output
  const codec = await openCodec(flags.output, 'exchange-poll')
  const cluster = await connect(settings, log, stopSignal)
  const progress = `${job}.progress`
  const topics = [roundTopic(flags.output), progressTopic(progress)]
  await ensureTopics(cluster, topics, flags.createTopics)
  const outputs = [flags.output]
  const transactions = await openRecordLog(cluster, { outputs, progress, job, text: POLL_PROGRESS })
  log.info({ ...flags, brokers: settings.brokers }, 'polling')
  const periodMs = flags.every * 1000
  const counts = await poll(
    { exchanges, transactions, codec, clock: systemClock, log },
    {
      job,
      topic: flags.output,
      exchanges: flags.exchanges,
      markets: flags.markets,
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
}

/** @throws DepthlineError USAGE where an exchange's address in the environment is none */
function openExchanges(names: readonly string[]): Exchanges {
  const asked = EXCHANGES.filter(({ name }) => names.includes(name)).map((exchange) => ({
    ...exchange,
    origin: exchangeOrigin(process.env, exchange),
  }))
  const terms = {
    lateMs: LATE_MS,
    userAgent: `depthline/${version}`,
    clock: systemClock,
    random: Math.random,
    // A round in hand is finished when the process is told to stop.
    signal: new AbortController().signal,
  }
  return {
    async ask({ exchange, market, deadlineMs }, onLate) {
      const { paths, ...rest } = asked.find(({ name }) => name === exchange)!
      const book = { ...rest, path: paths.get(market)! }
      const deadlineAt = systemClock.monotonic() + deadlineMs - systemClock.now()
      const { reply, late } = await askExchange(book, { ...terms, deadlineAt })
      void late?.then((answer) => answer && onLate(answer))
      return reply
    },
  }
}
