/** The Go program of lab/: loads topics, sends live orders, and checks every output with an exact oracle. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { LAB } from './workshop.js'

/** A message as the watcher notes it. */
export interface WatchedMessage {
  readonly ArrMs: number
  readonly Rows: number
  readonly NewestProbe: number
}

/** How a book differs from what exact arithmetic gives. */
export interface BookDifference {
  readonly Expected: number
  readonly AmtInexact: number
  readonly TotInexact: number
  readonly CumInexact: number
}

const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** Runs one of its commands to the end. */
export async function lab(...args: string[]): Promise<void> {
  await promisify(execFile)(LAB, args)
}

export class LabProcess {
  readonly ended: Promise<unknown>
  readonly #child: ChildProcess
  readonly #log: string
  #hasEnded = false

  /** One that goes on beside the engine; what it prints goes to the log. */
  constructor(args: readonly string[], log: string) {
    this.#log = log
    const output = openSync(log, 'w')
    this.#child = spawn(LAB, args, { stdio: ['ignore', output, output] })
    closeSync(output)
    children.add(this.#child)
    this.ended = once(this.#child, 'exit').then(() => {
      this.#hasEnded = true
      children.delete(this.#child)
    })
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** What it has printed so far. */
  get text(): string {
    return readFileSync(this.#log, 'utf8')
  }

  async until(printed: string): Promise<void> {
    while (!this.text.includes(printed)) {
      if (this.#hasEnded) throw new Error(`the watcher ended without «${printed}»: ${this.text}`)
      await sleep(50)
    }
  }

  /** Ends it as it ends itself: a watcher compares the last message and writes its files. */
  async stop(): Promise<void> {
    if (!this.#hasEnded) this.#child.kill('SIGTERM')
    await this.ended
  }
}

/** Watches the output as a read_committed consumer; its files go into the folder. */
export function watch(
  place: { brokers: string; output: string },
  folder: string,
  options: readonly string[],
): LabProcess {
  const where = ['-brokers', place.brokers, '-topic', place.output, '-committed']
  const files = ['-out', `${folder}/watch.jsonl`, '-probe-out', `${folder}/arrived.jsonl`]
  const save = ['-save', `${folder}/last.json`]
  return new LabProcess(['watch', ...where, ...files, ...save, ...options], `${folder}/watch.txt`)
}

/** The lines of a file as objects; none where there is no file. */
export function jsonLines<T>(file: string): T[] {
  if (!existsSync(file)) return []
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line) as T)
}
