/** A `run` that has read a warm book and ticks: where measurements of live work begin. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchCluster } from './cluster.js'
import { Engine, runCommand } from './engine.js'
import { WARM_EVENTS } from './events.js'
import { load } from './load.js'
import type { BenchSettings } from './settings.js'
import { type SeenTick, TickWatcher } from './watcher.js'

export const PARTITIONS = 4

export interface WarmBook {
  readonly input: string
  readonly watcher: TickWatcher
  readonly engine: Engine
  /** The first message, which holds the whole book. */
  readonly first: SeenTick
  /** The same command with the same data again. */
  launch(): Engine
  stop(engine: Engine): Promise<void>
}

/** @param name makes the topics' names, and is used once */
export async function warmBook(
  { brokers, kafka, makeTopic }: BenchCluster,
  { nodeFlags, runArgs }: BenchSettings,
  name: string,
): Promise<WarmBook> {
  const [input, output] = [`orders-${name}`, `book-${name}`]
  await makeTopic(input, PARTITIONS)
  await makeTopic(output, 1)
  await load({ brokers, topic: input, partitions: PARTITIONS, count: WARM_EVENTS })
  const watcher = await TickWatcher.start(kafka, output)
  const data = mkdtempSync(join(tmpdir(), 'depthline-warm-'))
  let launches = 0
  const launch = () => {
    const options = { brokers, input, output, data, nodeFlags, args: runArgs }
    return new Engine(runCommand(options), join(data, `run-${++launches}.log`))
  }
  const engine = launch()
  const first = await watcher.until(engine, ({ applied }) => applied >= WARM_EVENTS)
  const stop = async (last: Engine) => {
    await last.kill()
    await watcher.stop()
    rmSync(data, { recursive: true, force: true })
  }
  return { input, watcher, engine, first, launch, stop }
}
