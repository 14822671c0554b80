/** Virtual time: events run one after another in the order of their times, each to the end of what it starts. */

interface Entry {
  readonly time: number
  readonly number: number
  readonly run: () => void
}

export class Scheduler {
  /** Virtual milliseconds since the simulation began. */
  now = 0
  /** A binary heap, the earliest first. */
  readonly #heap: Entry[] = []
  #scheduled = 0

  after(ms: number, run: () => void): void {
    const entry = { time: this.now + Math.max(0, ms), number: this.#scheduled++, run }
    const heap = this.#heap
    let at = heap.push(entry) - 1
    while (at > 0 && isBefore(entry, heap[(at - 1) >> 1]!)) {
      heap[at] = heap[(at - 1) >> 1]!
      at = (at - 1) >> 1
    }
    heap[at] = entry
  }

  /** Runs events until `isOver` or the time is up; true where it was `isOver`. */
  async run(isOver: () => boolean, until: number): Promise<boolean> {
    while (!isOver()) {
      const next = this.#heap[0]
      if (next === undefined || next.time > until) {
        this.now = until
        return false
      }
      this.#removeFirst()
      this.now = next.time
      next.run()
      await settled()
    }
    return true
  }

  #removeFirst(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (isBefore(last, heap[child]!)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.time < b.time || (a.time === b.time && a.number < b.number)
}

/** Node calls back when no promise has anything left to do, and looks at no real clock for that. */
function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}
