/** A shard's topics, and a group of processes, in memory. */
import type { ShardGroup, ShardLog, ShardOutput } from '../jobs/ports.js'
import type { LevelRecord } from '../wire/level-record.js'
import type { Progress } from '../wire/progress.js'
import type { DeadLetter } from '../wire/records.js'
import { unreachable } from './memory-job.js'

type Writes = ShardOutput & { readonly progress: Progress }

export class MemoryShardLog implements ShardLog {
  progress: Progress | undefined
  /** Of one process with all partitions, or of the merger. */
  jobProgress: Progress | undefined
  /** True while every request fails. */
  isAway = false
  /** Called with each commit, which waits for it. */
  beforeCommit: () => Promise<void> = async () => {}
  /** By commit that moves the shard. */
  readonly levels: (readonly LevelRecord[])[] = []
  readonly marks: NonNullable<ShardOutput['mark']>[] = []
  readonly deadLetters: DeadLetter[] = []
  #epoch = 0

  async fence() {
    this.#ask()
    const epoch = ++this.#epoch
    return { commit: (writes: Writes) => this.#commit(epoch, writes), discard: async () => {} }
  }

  async readProgress(): Promise<Progress | undefined> {
    this.#ask()
    return this.progress
  }

  async readJobProgress(): Promise<Progress | undefined> {
    this.#ask()
    return this.jobProgress
  }

  async assertLevels(): Promise<void> {
    this.#ask()
  }

  /** As another process does that begins: it fences, and claims. */
  takeOver(owner: string): void {
    this.#epoch++
    this.progress = { ...this.progress!, owner, sequence: this.progress!.sequence + 1 }
  }

  async #commit(epoch: number, { levels, mark, deadLetters, progress }: Writes): Promise<boolean> {
    await this.beforeCommit()
    this.#ask()
    if (epoch !== this.#epoch) throw unreachable('fenced')
    this.progress = progress
    this.deadLetters.push(...deadLetters)
    if (mark === undefined) return true
    this.levels.push(levels)
    this.marks.push(mark)
    return true
  }

  #ask(): void {
    if (this.isAway) throw unreachable('the broker is away')
  }
}

export class MemoryShardGroup implements ShardGroup {
  hasLeft = false
  /** Gives the process that has joined these partitions. */
  assign: (partitions: readonly number[]) => void = () => {}

  join(assign: (partitions: readonly number[]) => void, signal: AbortSignal): Promise<void> {
    this.assign = assign
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        this.hasLeft = true
        resolve()
      })
    })
  }
}
