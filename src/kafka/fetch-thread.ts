/** A thread of its own for fetching and decoding, which is most of the work that Kafka's records make. */
import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'
import { DepthlineError } from '../errors.js'
import { PackedBatch } from '../wire/packed-batch.js'
import type { RecordBatch } from '../wire/record-batch.js'
import type { KafkaLog } from './client.js'
import type { FetchCommand, FetchOrder, FetchReport } from './fetch-worker.js'

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
  readonly #order: FetchOrder
  readonly #log: KafkaLog
  #worker: Worker | undefined
  #isStopped = false

  constructor(order: FetchOrder, log: KafkaLog) {
    this.#order = order
    this.#log = log
  }

  /**
   * Reads until {@link stop}.
   *
   * @throws DepthlineError where the thread cannot go on; what `handle` throws
   */
  async run(handlers: FetchHandlers): Promise<void> {
    setFlagsFromString(NEW_OBJECTS)
    const worker = new Worker(new URL('./fetch-worker.js', import.meta.url), {
      workerData: this.#order,
    })
    this.#worker = worker
    await new Promise<void>((resolve, reject) => {
      worker.on('message', (report: FetchReport) => {
        this.#take(report, handlers).catch(reject)
      })
      worker.on('error', reject)
      worker.on('exit', (code) => {
        if (this.#isStopped) resolve()
        else reject(new Error(`a fetching thread has ended with ${code}`))
      })
    })
  }

  pause(partition: number): void {
    this.#send({ kind: 'pause', partition })
  }

  resume(partition: number): void {
    this.#send({ kind: 'resume', partition })
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    const worker = this.#worker
    if (worker === undefined) return
    const ended = once(worker, 'exit')
    this.#send({ kind: 'stop' })
    const timer = setTimeout(() => worker.terminate(), STOP_LIMIT_MS)
    await ended
    clearTimeout(timer)
  }

  async #take(report: FetchReport, { handle, onPosition }: FetchHandlers): Promise<void> {
    switch (report.kind) {
      case 'batch':
        await handle(new PackedBatch(report.packed))
        this.#send({ kind: 'taken', records: report.packed.offsets.length })
        break
      case 'position':
        onPosition(report.partition, report.position)
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
    this.#worker?.postMessage(command)
  }
}
