/** Which levels have changed since they were last published, wherever that was. */
import { type Decimal, toText } from './decimal.js'
import type { Side } from './order-event.js'

/** What names a level. */
export interface LevelPlace {
  readonly symbol: string
  readonly side: Side
  readonly price: Decimal
}

/** Only places are kept: what lies there is looked up when it is published. */
export class ChangedLevels {
  /** Where it is false, changes pass unseen. */
  isCollecting = false
  #places = new Map<string, LevelPlace>()
  /** Being published. */
  #taken = new Map<string, LevelPlace>()

  note(place: LevelPlace): void {
    if (!this.isCollecting) return
    const key = `${place.symbol} ${place.side} ${toText(place.price)}`
    if (!this.#places.has(key)) this.#places.set(key, place)
  }

  /** Each changed level once; {@link settle} must follow. */
  take(): readonly LevelPlace[] {
    this.#taken = this.#places
    this.#places = new Map()
    return [...this.#taken.values()]
  }

  /** What became of those taken last: where they are not published, they are due again. */
  settle(isPublished: boolean): void {
    if (!isPublished) {
      for (const [key, place] of this.#places) this.#taken.set(key, place)
      this.#places = this.#taken
    }
    this.#taken = new Map()
  }
}
