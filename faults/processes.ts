/** The built command line as processes that can be killed at any moment, and are all ended with this one. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { TestBroker } from '../src/testing/test-broker.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
export const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const LOG_LIMIT_MS = 60_000
const KEPT_LINES = 15

const alive = new Set<Depthline>()
process.on('exit', () => {
  for (const process of alive) process.signal('SIGKILL')
})

/** Has a Ctrl-C end all that was started, the broker last. */
export function endOnSignal(broker: TestBroker): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      for (const process of alive) process.signal('SIGKILL')
      broker.stop().finally(() => process.exit(130))
    })
  }
}

export class Depthline {
  readonly clientId: string
  /** Its exit code; null where a signal ended it. */
  readonly ended: Promise<number | null>
  hasEnded = false
  /** The last lines of standard error. */
  readonly lines: string[] = []
  readonly #child: ChildProcess
  readonly #waiting = new Set<() => void>()
  #log = ''

  constructor(
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    stdout: 'ignore' | 'inherit' = 'ignore',
  ) {
    this.clientId = env.KAFKA_CLIENT_ID ?? ''
    const { PATH, HOME, TZ } = process.env
    this.#child = spawn(process.execPath, [CLI, ...args], {
      cwd: ROOT,
      env: { PATH, HOME, TZ, ...env },
      stdio: ['ignore', stdout, 'pipe'],
    })
    alive.add(this)
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => this.#take(text))
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code) => {
        this.hasEnded = true
        alive.delete(this)
        for (const check of this.#waiting) check()
        resolve(code)
      })
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<number | null> {
    this.signal(signal)
    return this.ended
  }

  /** Resolves when its log holds the text; rejects where it ends before, or takes a minute. */
  logged(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = () => {
        const isThere = this.#log.includes(text)
        if (!isThere && !this.hasEnded) return
        this.#waiting.delete(check)
        clearTimeout(limit)
        if (isThere) resolve()
        else reject(new Error(`nowhere ${text} in: ${this.lines.join('\n')}`))
      }
      const limit = setTimeout(() => {
        this.#waiting.delete(check)
        reject(new Error(`nowhere ${text} in: ${this.lines.join('\n')}`))
      }, LOG_LIMIT_MS)
      this.#waiting.add(check)
      check()
    })
  }

  #take(text: string): void {
    this.#log += text
    this.lines.push(...text.trimEnd().split('\n'))
    this.lines.splice(0, this.lines.length - KEPT_LINES)
    for (const check of this.#waiting) check()
  }
}

/** Whether the built `run` knows the flag. */
export function runKnows(flag: string): boolean {
  return execFileSync(process.execPath, [CLI, 'run', '--help'], { encoding: 'utf8' }).includes(flag)
}

export function depthlineVersion(): string {
  return execFileSync(process.execPath, [CLI, '--version'], { encoding: 'utf8' }).trim()
}
