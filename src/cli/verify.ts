/** `depthline verify`: published ticks recomputed from the input and compared. */
import { createReadStream } from 'node:fs'
import type { Command } from 'commander'
import type { Logger } from 'pino'
import * as z from 'zod'
import { DEFAULT_LIMITS } from '../book/order-books.js'
import {
  assertRange,
  checkFlags,
  kafkaSettings,
  levels,
  second,
  topicName,
  wholeNumber,
} from '../config.js'
import { DepthlineError } from '../errors.js'
import { Verification, type VerifySummary } from '../jobs/verify.js'
import { startFromSnapshot, type VerifyStart } from '../jobs/verify-start.js'
import { type Cluster, connect, disconnect } from '../kafka/client.js'
import { openLogReader } from '../kafka/log-reader.js'
import { assertOnePartition, topicRanges } from '../kafka/topics.js'
import type { Offsets } from '../wire/records.js'
import { readPieces } from './input.js'
import { standardOutput } from './output.js'
import { openLog } from './process.js'
import { showProgress } from './progress.js'
import { stopSignal } from './stop-signal.js'
import { openTickReader, readTickTexts } from './tick-values.js'
import { openVerifiedFile } from './verified.js'

const NEWS_MS = 30_000
const TELL_MS = 1_000

const Flags = z.object({
  input: topicName(),
  output: topicName(),
  deadLetters: topicName(),
  job: topicName().optional(),
  levels: levels(),
  closedWindow: wholeNumber(1, 100_000_000),
  snapshot: z.string().min(1).optional(),
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
      'Reads the input from its start, or from a snapshot on, recomputes every tick of the output topic with a second, naive book, and compares values, headers and dead letters byte for byte. Prints a summary as JSON; ends with 4 at the first difference.',
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
    .option('--snapshot <file>', 'begin at a snapshot of run instead of at the start of the input')
    .option('--from <tick>', 'first tick to compare: an epoch second or a time')
    .option('--to <tick>', 'last tick, included')
    .option('--follow', 'go on with new ticks, beside the job, until stopped')
    .option('--timeout <seconds>', 'give up after so long (exit 5)')
    .action(verifyCommand)
}

async function verifyCommand(options: unknown): Promise<void> {
  const flags = checkFlags(Flags, options)
  assertRange(flags)
  const log = openLog('verify')
  const timeout = flags.timeout === undefined ? [] : [AbortSignal.timeout(flags.timeout * 1000)]
  const signal = AbortSignal.any([stopSignal, ...timeout])
  const cluster = await connect(kafkaSettings(process.env), log, stopSignal)
  const verification = await openVerification(cluster, flags, signal)
  const progress = showProgress(() => describe(verification.summary()))
  // Without a terminal there is no progress to see, and no news for hours would look like a hang.
  const news = setInterval(() => log.info(verification.summary(), 'no difference so far'), NEWS_MS)
  const tellLast = tellServe(flags, verification, log)
  let isCutShort = false
  try {
    await verification.run(signal)
    isCutShort = signal.aborted && !stopSignal.aborted
  } finally {
    clearInterval(news)
    await tellLast()
    progress.end()
    await disconnect(cluster)
    await standardOutput.write(`${JSON.stringify(verification.summary())}\n`)
  }
  const summary = verification.summary()
  if (isCutShort) {
    throw new DepthlineError(
      'TIMEOUT',
      `${summary.ticks} ticks were compared in ${flags.timeout} s${flags.follow ? '' : ', and more are there'}`,
    )
  }
  if (summary.gaveWay > 0) {
    const { gaveWay } = summary
    log.warn({ gaveWay }, 'messages gave way to the topic by symbol: only headers were compared')
  }
  if (summary.ticks > 0) log.info(summary, 'no difference found')
  else log.warn({ otherKeys: summary.otherKeys }, 'no tick in the range: nothing was compared')
}

async function openVerification(
  cluster: Cluster,
  flags: Flags,
  signal: AbortSignal,
): Promise<Verification> {
  const { input, output, deadLetters, job = output } = flags
  assertOnePartition(output, await topicRanges(cluster, output))
  const start = flags.snapshot === undefined ? undefined : await readStart(flags.snapshot, signal)
  if (start !== undefined && (start.job !== job || start.topic !== input)) {
    const message = `${flags.snapshot} is a snapshot of job ${start.job} on ${start.topic}, not of ${job} on ${input}`
    throw new DepthlineError('SNAPSHOT_REFUSED', message)
  }
  const open = (topic: string, from?: Offsets) => {
    return openLogReader(cluster, { topic, job: 'depthline-verify', from })
  }
  const readers = {
    output: readTickTexts(await open(output), job, await openTickReader(process.env)),
    input: await open(input, start?.offsets),
    deadLetters: await open(deadLetters),
  }
  const closedWindow = start?.closedWindow ?? flags.closedWindow
  return new Verification(readers, { ...flags, job, start, closedWindow })
}

/** Says every second what was found, so that the page of `serve` can show it. */
function tellServe({ output, follow }: Flags, verification: Verification, log: Logger) {
  if (!follow) return async () => {}
  const file = openVerifiedFile(process.env, output)
  // That the page does not show it is no reason to stop.
  const failed = (error: unknown) => log.warn({ reason: String(error) }, 'serve cannot be told')
  const tell = () => file.write(verification.summary()).catch(failed)
  const timer = setInterval(tell, TELL_MS)
  return () => {
    clearInterval(timer)
    return tell()
  }
}

function readStart(file: string, signal: AbortSignal): Promise<VerifyStart> {
  return startFromSnapshot(() => readPieces(createReadStream(file), file, signal))
}

function describe({ ticks, records, deadLetters, to }: VerifySummary): string {
  return `${ticks} ticks verified up to ${to ?? 'none yet'}, ${records} records, ${deadLetters} dead letters`
}
