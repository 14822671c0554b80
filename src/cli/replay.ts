/** `depthline replay`: books from a file or standard input, without Kafka. */
import { createReadStream } from 'node:fs'
import type { Command } from 'commander'
import * as z from 'zod'
import { DEFAULT_LIMITS } from '../book/order-books.js'
import { checkFlags, levels, wholeNumber } from '../config.js'
import { replay } from '../jobs/replay.js'
import { readPieces } from './input.js'
import { fileOutput, standardOutput } from './output.js'
import { openLog } from './process.js'
import { showProgress } from './progress.js'
import { stopSignal } from './stop-signal.js'

const Flags = z.object({
  eventsPerTick: wholeNumber(1),
  levels: levels(),
  closedWindow: wholeNumber(1, 100_000_000),
  deadLetters: z.string().min(1).optional(),
})

/** Large pieces, because each costs a turn of the event loop. */
const PIECE_BYTES = 1024 * 1024

export function addReplayCommand(program: Command): void {
  program
    .command('replay')
    .summary('books from a file, without Kafka')
    .description(
      'Reads newline-delimited order events and prints one tick a line: what the output topic would hold.',
    )
    .argument('<file>', 'a file of events, or - for standard input')
    .option('--events-per-tick <n>', 'records between two ticks', '100')
    .option('--levels <n|all>', 'levels a side in a tick', '15')
    .option(
      '--closed-window <n>',
      'closed ids that are remembered',
      String(DEFAULT_LIMITS.closedWindow),
    )
    .option('--dead-letters <file>', 'rejected records go here, one JSON a line')
    .action(replayCommand)
}

async function replayCommand(file: string, options: unknown): Promise<void> {
  const flags = checkFlags(Flags, options)
  const log = openLog('replay')
  const stream =
    file === '-' ? process.stdin : createReadStream(file, { highWaterMark: PIECE_BYTES })
  const input = counted(readPieces(stream, file, stopSignal))
  const deadLetters =
    flags.deadLetters === undefined ? undefined : await fileOutput(flags.deadLetters)
  try {
    const counts = await replay(
      {
        input,
        signal: stopSignal,
        writeTick: standardOutput.write,
        ...(deadLetters === undefined ? {} : { writeDeadLetter: deadLetters.write }),
      },
      {
        eventsPerTick: flags.eventsPerTick,
        levels: flags.levels,
        limits: { ...DEFAULT_LIMITS, closedWindow: flags.closedWindow },
        seed: 0,
      },
    )
    await deadLetters?.finish()
    log.info(counts, 'replayed')
  } catch (error) {
    await deadLetters?.discard()
    throw error
  }
}

/** The same pieces, with their sum as a progress line where the ticks do not go to the terminal. */
async function* counted(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0
  const text = () => `${Math.round(bytes / 1e6)} MB read`
  const progress = process.stdout.isTTY ? undefined : showProgress(text)
  try {
    for await (const piece of pieces) {
      bytes += piece.length
      yield piece
    }
  } finally {
    progress?.end()
  }
}
