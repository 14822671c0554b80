/** Runs the built command line as people do: a process with arguments, an environment and a standard input. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { inject } from 'vitest'

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const LOG_LIMIT_MS = 20_000

export interface CliOptions {
  /** Added to a small environment of our own; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** Written to standard input, which then ends; left open where it is undefined. */
  readonly stdin?: string | Uint8Array
}

export interface CliResult {
  /** Null where a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command to its end. */
export async function runCli(args: readonly string[], options: CliOptions = {}) {
  return startCli(args, { stdin: '', ...options }).result
}

/** Starts a command that runs until it is told to stop; {@link killLeftovers} belongs into `afterEach`. */
export function startCli(args: readonly string[], options: CliOptions = {}): RunningCli {
  const cli = new RunningCli(args, options)
  running.add(cli)
  cli.result.finally(() => running.delete(cli))
  return cli
}

/** Ends what a failed test left running. */
export async function killLeftovers(): Promise<void> {
  await Promise.all([...running].map((cli) => cli.stop('SIGKILL')))
}

const running = new Set<RunningCli>()

export class RunningCli {
  readonly result: Promise<CliResult>
  readonly child: ChildProcess
  stdout = ''
  stderr = ''

  constructor(args: readonly string[], { env, stdin }: CliOptions) {
    const { PATH, HOME, TZ } = process.env
    const ours = { KAFKA_BROKERS: inject('brokers'), DEPTHLINE_DATA: inject('dataFolder') }
    this.child = spawn(process.execPath, [CLI, ...args], {
      cwd: ROOT,
      env: { PATH, HOME, TZ, ...ours, ...env },
    })
    // A command that ends early does not read the rest of its input.
    this.child.stdin!.on('error', () => {})
    if (stdin !== undefined) this.child.stdin!.end(stdin)
    this.child.stdout!.setEncoding('utf8').on('data', (text) => {
      this.stdout += text
    })
    this.child.stderr!.setEncoding('utf8').on('data', (text) => {
      this.stderr += text
    })
    this.result = once(this.child, 'close').then(([code]) => {
      return { code, stdout: this.stdout, stderr: this.stderr }
    })
  }

  /** Resolves when standard error holds `text`; rejects with all of it where that does not come. */
  async logged(text: string): Promise<void> {
    await this.#written(this.child.stderr!, () => this.stderr.includes(text), text)
  }

  /** Resolves when standard output has so many characters. */
  async printed(characters: number): Promise<void> {
    const hasEnough = () => this.stdout.length >= characters
    await this.#written(this.child.stdout!, hasEnough, `${characters} characters`)
  }

  /** Sends the signal and waits for the end. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<CliResult> {
    this.child.kill(signal)
    return this.result
  }

  #written(stream: NodeJS.ReadableStream, isThere: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = () => reject(new Error(`nowhere ${what} in: ${this.stdout}${this.stderr}`))
      const limit = setTimeout(fail, LOG_LIMIT_MS)
      const check = () => {
        if (!isThere()) return
        clearTimeout(limit)
        stream.off('data', check)
        resolve()
      }
      stream.on('data', check)
      this.child.once('close', () => (isThere() ? check() : fail()))
      check()
    })
  }
}
