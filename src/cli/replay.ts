/** `depthline replay`: books from a file or standard input, without Kafka. */
import { createReadStream } from 'node:fs'
import type { Command } from 'commander'
import { z } from 'zod'
import { DEFAULT_LIMITS } from '../book/order-books.js'
import { checkFlags, levels, wholeNumber } from '../config.js'
import { replay } from '../jobs/replay.js'
import { readPieces } from './input.js'
import { fileOutput, standardOutput } from './output.js'
import { openLog, stopSignal } from './process.js'

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
  const deadLetters =
    flags.deadLetters === undefined ? undefined : await fileOutput(flags.deadLetters)
  const signal = stopSignal()
  const input =
    file === '-' ? process.stdin : createReadStream(file, { highWaterMark: PIECE_BYTES })
  const counts = await replay(
    {
      input: readPieces(input, file, signal),
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
}
