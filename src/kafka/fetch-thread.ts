/** A thread of its own for fetching and decoding, which is most of the work that Kafka's records make. */
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'
import { DepthlineError } from '../errors.js'
import { PackedBatch } from '../wire/packed-batch.js'
import type { RecordBatch } from '../wire/record-batch.js'
import type { KafkaLog } from './client.js'
import type { FetchCommand, FetchPlan, FetchReport, FetchStart } from './fetch-worker.js'

const STOP_LIMIT_MS = 2_000
/**
 * Where new objects are made, in megabytes. KafkaJS makes some ten for each record, and those of
 * one fetch live as long as it: where they do not fit, V8 copies each of them, and a third of the
 * thread's time went to that. V8 reads the flag when a thread begins; the main one is not changed,
 * and what was said for it at launch would count for this one too.
 */
const NEW_OBJECTS = '--max-semi-space-size=64'

export interface FetchHandlers {
  /** Batches of a partition come in their order; only so many, until this resolves. */
  readonly handle: (batch: RecordBatch) => Promise<void>
  readonly onPosition: (partition: number, position: number) => void
}

export class FetchThread {
  readonly #log: KafkaLog
  readonly #worker: Worker
  /** Rejects where it failed, whether or not anybody runs it by then. */
  readonly #ended: Promise<void>
  #handlers: FetchHandlers | undefined

  /** Begins at once to load what it needs, while its owner does the same. */
  constructor(log: KafkaLog) {
    this.#log = log
    setFlagsFromString(NEW_OBJECTS)
    const worker = new Worker(new URL('./fetch-worker.js', import.meta.url))
    this.#worker = worker
    this.#ended = new Promise((resolve, reject) => {
      worker.on('message', (report: FetchReport) => {
        if (report.kind === 'stopped') resolve()
        else this.#take(report).catch(reject)
      })
      worker.on('error', reject)
      worker.on('exit', (code) => {
        reject(new Error(`a fetching thread has ended by itself, with ${code}`))
      })
    })
    this.#ended.catch(() => {})
  }

  /** To be called once its owner has reached Kafka. */
  connect(plan: FetchPlan): void {
    this.#send({ kind: 'connect', ...plan })
  }

  /**
   * Reads until {@link stop}.
   *
   * @throws DepthlineError where the thread cannot go on; what `handle` throws
   */
  async run(start: FetchStart, handlers: FetchHandlers): Promise<void> {
    this.#handlers = handlers
    this.#send({ kind: 'start', ...start })
    await this.#ended
  }

  pause(partition: number): void {
    this.#send({ kind: 'pause', partition })
  }

  resume(partition: number): void {
    this.#send({ kind: 'resume', partition })
  }

  async stop(): Promise<void> {
    this.#send({ kind: 'stop' })
    await Promise.race([this.#ended.catch(() => {}), sleep(STOP_LIMIT_MS)])
    await this.#worker.terminate()
  }

  async #take(report: Exclude<FetchReport, { kind: 'stopped' }>): Promise<void> {
    switch (report.kind) {
      case 'batch':
        await this.#handlers!.handle(new PackedBatch(report.packed))
        this.#send({ kind: 'taken', records: report.packed.offsets.length })
        break
      case 'position':
        this.#handlers!.onPosition(report.partition, report.position)
        break
      case 'log':
        this.#log[report.level](report.fields, report.message)
        break
      case 'failed': {
        const { code, message, retriable } = report
        if (code === undefined) throw new Error(`in a fetching thread: ${message}`)
        throw new DepthlineError(code, message, { retriable })
      }
    }
  }

  #send(command: FetchCommand): void {
    this.#worker.postMessage(command)
  }
}
