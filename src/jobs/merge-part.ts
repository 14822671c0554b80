/** What is known of one partition of the input: its levels, held back until the mark behind them. */
import type { MergedBooks } from '../book/merged-books.js'
import type { Mark, PublishedLevel } from '../wire/level-record.js'

type Level = Exclude<PublishedLevel, { readonly mark: Mark }>

/** What a shard's commit has changed. */
interface Change {
  readonly levels: readonly Level[]
  readonly mark: Mark
  /** The second that it counts for. */
  readonly second: number
}

export class MergePart {
  /** The books hold exactly what this one stands for; undefined before the first. */
  mark: Mark | undefined
  /** The second that it counts for. */
  second = 0
  /** The second of the newest mark that has come. */
  newest = 0
  /** Of a commit whose mark has not come yet. */
  #open: Level[] = []
  /** Those that wait for their second. */
  readonly #waiting: Change[] = []

  addLevel(level: Level): void {
    this.#open.push(level)
  }

  addMark(mark: Mark, second: number): void {
    this.#waiting.push({ levels: this.#open, mark, second })
    this.#open = []
    this.newest = Math.max(this.newest, second)
  }

  /** Applies what counts for seconds up to this one. */
  applyUpTo(second: number, books: MergedBooks): void {
    while (this.#waiting.length > 0 && this.#waiting[0]!.second <= second) {
      const change = this.#waiting.shift()!
      for (const { partition, place, amount } of change.levels) books.set(partition, place, amount)
      this.mark = change.mark
      this.second = change.second
    }
  }
}
