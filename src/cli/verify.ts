/** `depthline verify`: published ticks recomputed from the input and compared. */
import type { Command } from 'commander'
import { z } from 'zod'
import { DEFAULT_LIMITS } from '../book/order-books.js'
import { checkFlags, kafkaSettings, levels, second, topicName, wholeNumber } from '../config.js'
import { DepthlineError } from '../errors.js'
import { Verification, type VerifySummary } from '../jobs/verify.js'
import { type Cluster, connect, disconnect } from '../kafka/client.js'
import { openLogReader } from '../kafka/log-reader.js'
import { assertOnePartition, topicRanges } from '../kafka/topics.js'
import { standardOutput } from './output.js'
import { openLog } from './process.js'
import { showProgress } from './progress.js'
import { stopSignal } from './stop-signal.js'

const Flags = z.object({
  input: topicName(),
  output: topicName(),
  deadLetters: topicName(),
  job: topicName().optional(),
  levels: levels(),
  closedWindow: wholeNumber(1, 100_000_000),
  from: second().optional(),
  to: second().optional(),
  follow: z.boolean().default(false),
  timeout: wholeNumber(1, 1_000_000).optional(),
})
type Flags = Readonly<z.infer<typeof Flags>>

export function addVerifyCommand(program: Command): void {
  program
    .command('verify')
    .summary('published ticks recomputed from the input and compared; --follow: live')
    .description(
      'Reads the input from its start, recomputes every tick of the output topic with a second, naive book, and compares values, headers and dead letters byte for byte. Prints a summary as JSON; ends with 4 at the first difference.',
    )
    .option('--input <topic>', 'order events', 'orders')
    .option('--output <topic>', 'the ticks', 'order-book')
    .option('--dead-letters <topic>', 'rejected records', 'orders.dead-letter')
    .option('--job <name>', "the job's name (default: the output topic)")
    .option('--levels <n|all>', 'levels a side, as run was told', '15')
    .option(
      '--closed-window <n>',
      'closed ids that each partition remembers, as run was told',
      String(DEFAULT_LIMITS.closedWindow),
    )
    .option('--from <tick>', 'first tick to compare: an epoch second or a time')
    .option('--to <tick>', 'last tick, included')
    .option('--follow', 'go on with new ticks, beside the job, until stopped')
    .option('--timeout <seconds>', 'give up after so long (exit 5)')
    .action(verifyCommand)
}

async function verifyCommand(options: unknown): Promise<void> {
  const flags = checkFlags(Flags, options)
  const log = openLog('verify')
  const timeout = flags.timeout === undefined ? [] : [AbortSignal.timeout(flags.timeout * 1000)]
  const signal = AbortSignal.any([stopSignal, ...timeout])
  const cluster = await connect(kafkaSettings(process.env), log, stopSignal)
  const verification = await openVerification(cluster, flags)
  const progress = showProgress(() => describe(verification.summary()))
  let isCutShort = false
  try {
    await verification.run(signal)
    isCutShort = signal.aborted && !stopSignal.aborted
  } finally {
    progress.end()
    await disconnect(cluster)
    await standardOutput.write(`${JSON.stringify(verification.summary())}\n`)
  }
  const summary = verification.summary()
  if (isCutShort) {
    throw new DepthlineError(
      'TIMEOUT',
      `${summary.ticks} ticks were compared in ${flags.timeout} s, and more are there`,
    )
  }
  if (summary.ticks > 0) log.info(summary, 'no difference found')
  else log.warn({ otherKeys: summary.otherKeys }, 'no tick in the range: nothing was compared')
}

async function openVerification(cluster: Cluster, flags: Flags): Promise<Verification> {
  const { input, output, deadLetters, job = output } = flags
  assertOnePartition(output, await topicRanges(cluster, output))
  const open = (topic: string) => openLogReader(cluster, { topic, job: 'depthline-verify' })
  return new Verification(
    { output: await open(output), input: await open(input), deadLetters: await open(deadLetters) },
    { ...flags, job },
  )
}

function describe({ ticks, records, deadLetters, to }: VerifySummary): string {
  return `${ticks} ticks verified up to ${to ?? 'none yet'}, ${records} records, ${deadLetters} dead letters`
}
