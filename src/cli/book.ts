/** `depthline book`: one symbol's ladder in the terminal, drawn again with every tick. */
import type { Command } from 'commander'
import * as z from 'zod'
import { checkFlags, kafkaSettings, symbolName, topicName, wholeNumber } from '../config.js'
import { DepthlineError } from '../errors.js'
import { type Cluster, connect, disconnect } from '../kafka/client.js'
import { lastRecord, readTopic, type TopicRecord } from '../kafka/topic-reader.js'
import { parseTickMessage, type TickRow } from '../wire/tick-message.js'
import { ladderView } from './ladder-view.js'
import { standardOutput } from './output.js'
import { openLog } from './process.js'
import { stopSignal } from './stop-signal.js'
import { openTickReader } from './tick-values.js'

const Flags = z.object({
  topic: topicName(),
  ticks: wholeNumber(1).optional(),
  height: wholeNumber(5, 1000).optional(),
})

const CLEAR = '\x1b[H\x1b[2J'

export function addBookCommand(program: Command): void {
  program
    .command('book')
    .summary("a symbol's ladder in the terminal, live")
    .description(
      'Shows the newest message of the output topic as a ladder and draws it again with each new one. Without a terminal the ladders are printed one below the other.',
    )
    .argument('[symbol]', 'default: the first in the message')
    .option('--topic <topic>', 'the output topic of run', 'order-book')
    .option('--ticks <n>', 'end after so many messages')
    .option('--height <lines>', 'lines to use (default: those of the terminal)')
    .action(bookCommand)
}

async function bookCommand(symbol: string | undefined, options: unknown): Promise<void> {
  const flags = checkFlags(Flags, options)
  if (symbol !== undefined) checkFlags(z.object({ symbol: symbolName() }), { symbol })
  const log = openLog('book')
  const read = await openTickReader(process.env)
  const cluster = await connect(kafkaSettings(process.env), log, stopSignal)
  let shown = 0
  try {
    for await (const record of newestMessages(cluster, flags.topic, stopSignal)) {
      shown++
      const progress = flags.ticks === undefined ? '' : `message ${shown} of ${flags.ticks}\n`
      const view =
        gaveWay(record) ??
        draw({ ...record, value: await read(record.value) }, symbol, flags.height)
      await standardOutput.write(`${view}${progress}`)
      if (shown === flags.ticks) break
    }
  } finally {
    await disconnect(cluster)
  }
}

/** The last message of the topic and then each new one; where several came at once, the newest. */
async function* newestMessages(
  cluster: Cluster,
  topic: string,
  signal: AbortSignal,
): AsyncGenerator<TopicRecord> {
  const job = 'depthline-book'
  const last = await lastRecord(cluster, { topic, job })
  if (last !== undefined) yield last
  const from = last === undefined ? [] : [last.offset + 1]
  for await (const records of readTopic(cluster, {
    topic,
    job,
    from,
    follow: true,
    signal,
  })) {
    const newest = records.at(-1)
    if (newest !== undefined) yield newest
  }
}

/** What is to be said where the books are not in the message; undefined where they are. */
function gaveWay({ value, headers }: TopicRecord): string | undefined {
  const { tick, by_symbol: topic } = headers
  if (value !== null || topic === undefined) return undefined
  return `tick ${tick} was too large for a message: its books are in ${topic}, keyed by symbol\n`
}

function draw(record: TopicRecord, symbol: string | undefined, height: number | undefined): string {
  const rows = parseTickMessage(new TextDecoder().decode(record.value ?? undefined))
  if (rows === undefined) {
    throw new DepthlineError('BAD_TICK', `the value at offset ${record.offset} is no tick message`)
  }
  const { isTTY, columns = 100, rows: lines = 40 } = process.stdout
  const view = ladderView(rows, {
    symbol: symbol ?? firstSymbol(rows),
    tick: Number(record.headers.tick ?? Math.floor(record.timestampMs / 1000)),
    width: columns,
    height: height ?? lines - 2,
    colour: isTTY === true && !process.env.NO_COLOR,
  })
  return `${isTTY ? CLEAR : ''}${view.join('\n')}\n`
}

function firstSymbol(rows: readonly TickRow[]): string {
  return rows[0]?.symbol ?? 'no orders yet'
}
