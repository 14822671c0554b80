/** The judge of `stale`: each tick's parts against the marks that the shards have committed. */
import type { PlainRecord } from './plain-topic.js'

/** A shard's committed word that it has come to an offset, as the levels topic holds it. */
export interface PlainMark {
  /** Of the input. */
  readonly partition: number
  readonly tick: number
  readonly offset: number
  readonly sequence: number
}

export interface StaleVerdict {
  marks: number
  /** Ticks with a part that is not of their second, and the oldest of these parts in seconds. */
  staleTicks: number
  oldestS: number
  /** Parts whose age is not told, or is not what the marks say. */
  staleWrong: number
  /** Marks that go back. */
  marksBackward: number
}

/** @param find takes what is wrong, in words */
export function judgeStale(
  ticks: readonly PlainRecord[],
  marks: readonly PlainMark[],
  find: (text: string) => void,
): StaleVerdict {
  const verdict = { marks: marks.length, staleTicks: 0, oldestS: 0, staleWrong: 0 }
  const seconds = secondsByPlace(marks)
  for (const { headers } of ticks) {
    const tick = Number(headers.tick)
    const stale: Record<string, number> = JSON.parse(headers.stale ?? '{}')
    if (headers.stale !== undefined) verdict.staleTicks++
    verdict.oldestS = Math.max(verdict.oldestS, ...Object.values(stale))
    for (const [partition, offset] of Object.entries(JSON.parse(headers.offsets ?? '{}'))) {
      const marked = seconds.get(`${partition}:${offset}`) ?? []
      const age = stale[partition]
      // The same offset may have been marked second after second.
      const isTrue =
        age === undefined
          ? marked.some((second) => second >= tick)
          : age > 0 && marked.includes(tick - age)
      if (isTrue) continue
      verdict.staleWrong++
      find(
        `tick ${tick}: partition ${partition} at ${offset} is said to be ${age ?? 0} s old, ` +
          `and was marked at ${marked.slice(0, 3)}`,
      )
    }
  }
  if (ticks.at(-1)?.headers.stale !== undefined) find('the last tick is stale')
  return { ...verdict, marksBackward: countBackward(marks, find) }
}

function secondsByPlace(marks: readonly PlainMark[]): Map<string, number[]> {
  const seconds = new Map<string, number[]>()
  for (const { partition, offset, tick } of marks) {
    const place = `${partition}:${offset}`
    const marked = seconds.get(place)
    if (marked === undefined) seconds.set(place, [tick])
    else marked.push(tick)
  }
  return seconds
}

function countBackward(marks: readonly PlainMark[], find: (text: string) => void): number {
  const last = new Map<number, PlainMark>()
  let count = 0
  for (const mark of marks) {
    const { partition, tick, offset, sequence } = mark
    const before = last.get(partition)
    last.set(partition, mark)
    if (before === undefined) continue
    const isForward = tick >= before.tick && offset >= before.offset && sequence > before.sequence
    if (isForward) continue
    count++
    find(
      `partition ${partition}: the mark of ${tick} at ${offset} came after that of ` +
        `${before.tick} at ${before.offset}`,
    )
  }
  return count
}
