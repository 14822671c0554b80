/** A stream processor under measurement: any command, in a session of its own, with its log in a file. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { SessionUse, sessionPids } from './processes.js'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const CLI = `${ROOT}dist/cli.js`
const SAMPLE_MS = 100

export interface EngineCommand {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** The flags of Node that the installed command sets, in its first line. */
export function installedFlags(): string[] {
  const [first = ''] = readFileSync(CLI, 'utf8').split('\n')
  return first.split(' ').filter((word) => word.startsWith('--'))
}

/**
 * Waits for a moment of the second, another one for each run: a drain ends with a tick, so with
 * launches at one moment every engine would gain or lose the same part of a second in all runs.
 */
export async function launchMoment(run: number, runs: number): Promise<void> {
  const wantedMs = (((run + runs) % runs) + 0.5) * (1000 / runs)
  await sleep((wantedMs - (Date.now() % 1000) + 1000) % 1000)
}

const running = new Set<Engine>()
process.on('exit', () => {
  for (const engine of running) engine.signalAll('SIGKILL')
})
// A session of its own gets no Ctrl-C from the terminal, and without an exit nothing would end it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

export class Engine {
  readonly launchedMs: number
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  readonly #log: string
  readonly #sampler: NodeJS.Timeout
  readonly #session: SessionUse
  #cpuSeconds = 0
  #peakMb = 0

  /** @param log the file that all its output goes to */
  constructor({ command, args, env }: EngineCommand, log: string) {
    mkdirSync(dirname(log), { recursive: true })
    this.#log = log
    const output = openSync(log, 'w')
    this.launchedMs = Date.now()
    const stdio = ['ignore', output, output] as const
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: [...stdio],
      detached: true,
    })
    closeSync(output)
    this.#child = child
    this.#session = new SessionUse(child.pid!)
    this.#ended = once(child, 'exit')
    this.#sampler = setInterval(() => this.use(), SAMPLE_MS)
    running.add(this)
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** What it has used so far; after its end what was last seen. */
  use(): { cpuSeconds: number; peakMb: number } {
    const { cpuSeconds, peakMb } = this.#session.read()
    this.#cpuSeconds = Math.max(this.#cpuSeconds, cpuSeconds)
    this.#peakMb = Math.max(this.#peakMb, peakMb)
    return { cpuSeconds: this.#cpuSeconds, peakMb: this.#peakMb }
  }

  /** The first number that the pattern's group finds in the log. */
  logged(pattern: RegExp): number | undefined {
    const found = pattern.exec(this.log())
    return found === null ? undefined : Number(found[1])
  }

  log(): string {
    return readFileSync(this.#log, 'utf8')
  }

  /** kill -9 of all its processes; what it had used is kept. */
  async kill(): Promise<void> {
    this.use()
    clearInterval(this.#sampler)
    this.signalAll('SIGKILL')
    await this.#ended
    running.delete(this)
  }

  async whenEnded(): Promise<void> {
    await this.#ended
    clearInterval(this.#sampler)
    running.delete(this)
  }

  signalAll(signal: NodeJS.Signals): void {
    for (const pid of sessionPids(this.#child.pid!)) {
      try {
        process.kill(pid, signal)
      } catch {
        // It ended since it was listed.
      }
    }
  }
}

export interface RunOptions {
  readonly brokers: string
  readonly input: string
  readonly output: string
  /** Snapshots go there; a folder of an earlier run would be read. */
  readonly data: string
  readonly nodeFlags?: readonly string[]
  readonly args?: readonly string[]
}

/** `depthline run`, with its job, dead letters and progress named after the output topic. */
export function runCommand(options: RunOptions): EngineCommand {
  const { brokers, input, output, data, nodeFlags = [], args = [] } = options
  const topics = ['--input', input, '--output', output, '--dead-letters', `${output}.dead`]
  // A shard prints no message.
  const levels = args.includes('shard') ? [] : ['--levels', 'all']
  return {
    command: process.execPath,
    args: [...nodeFlags, CLI, 'run', ...topics, ...levels, ...args],
    env: { KAFKA_BROKERS: brokers, DEPTHLINE_DATA: data, LOG_LEVEL: 'info' },
  }
}

/** When `run` logged that it was ready to tick. */
export const CAUGHT_UP = /"time":(\d+),[^\n]*"msg":"caught up"/

/** KafkaJS alone, reading and doing nothing, with the fetch settings of `run`. */
export function bareCommand(options: {
  brokers: string
  input: string
  count: number
  threads?: number
  nodeFlags?: readonly string[]
}): EngineCommand {
  const { brokers, input, count, threads = 1, nodeFlags = [] } = options
  const script = fileURLToPath(new URL('bare-consumer.mjs', import.meta.url))
  const env = { BROKERS: brokers, IN: input, COUNT: String(count), THREADS: String(threads) }
  return { command: process.execPath, args: [...nodeFlags, script], env }
}

/** KafkaJS alone, with a transaction a second as `run` makes it, of a message that is always the same. */
export function bareTicksCommand(options: {
  brokers: string
  output: string
  progress: string
  bytes: number
  applied: number
}): EngineCommand {
  const { brokers, output, progress, bytes, applied } = options
  const script = fileURLToPath(new URL('bare-ticker.mjs', import.meta.url))
  const [BYTES, APPLIED] = [String(bytes), String(applied)]
  const env = { BROKERS: brokers, OUT: output, PROGRESS: progress, BYTES, APPLIED }
  return { command: process.execPath, args: [script], env }
}
