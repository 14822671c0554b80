/** Mutants that read the input, or the clock, wrongly. */
import type { Clock, OrderSource } from '../../jobs/ports.js'
import { RecordList } from '../../wire/record-batch.js'
import type { InputRecord } from '../../wire/records.js'
import type { Mutant } from './supervisor.js'
import type { World } from './world.js'

export const inputMutants: Readonly<Record<string, Mutant>> = {
  'after a break the source goes on at the end': changeBatches((world) => {
    const seen: number[] = []
    const skipTo: number[] = []
    return ({ partition, records }) => {
      const first = Number(records[0]!.offset)
      if (first < (seen[partition] ?? 0)) skipTo[partition] = world.input.ranges()[partition]!.high
      seen[partition] = Number(records.at(-1)!.offset) + 1
      return records.filter(({ offset }) => Number(offset) >= (skipTo[partition] ?? 0))
    }
  }),

  'after a break records come again under new offsets': changeBatches(() => {
    const seen: number[] = []
    const shift: number[] = []
    return ({ partition, records }) => {
      const first = Number(records[0]!.offset) + (shift[partition] ?? 0)
      const by = Math.max(0, (seen[partition] ?? 0) - first)
      shift[partition] = (shift[partition] ?? 0) + by
      const moved = records.map((record) => moveBy(record, shift[partition]!))
      seen[partition] = Number(moved.at(-1)!.offset) + 1
      return moved
    }
  }),

  'a record in fifty is lost on the way': changeBatches((world) => ({ records }) => {
    return records.filter(() => !world.random.chance(0.02))
  }),

  'records of a batch come in another order': changeBatches((world) => ({ records }) => {
    if (records.length < 2 || !world.random.chance(0.2)) return records
    const [a, b, ...rest] = records
    return [{ ...b!, offset: a!.offset }, { ...a!, offset: b!.offset }, ...rest]
  }),

  'the clock goes back now and then': (ports, _process, world) => ({
    ...ports,
    clock: changeClock(ports.clock, (now) => (world.random.chance(0.02) ? now - 20_000 : now)),
  }),

  'the clock is two seconds slow': (ports) => ({
    ...ports,
    clock: changeClock(ports.clock, (now) => now - 2_000),
  }),
}

function moveBy(record: InputRecord, by: number): InputRecord {
  return { ...record, offset: String(Number(record.offset) + by) }
}

type ChangeBatch = (batch: RecordList) => readonly InputRecord[]

function changeBatches(change: (world: World) => ChangeBatch): Mutant {
  return (ports, _process, world) => {
    const { source } = ports
    const changed = change(world)
    const mutant: OrderSource = {
      topic: source.topic,
      ranges: () => source.ranges(),
      lag: () => source.lag(),
      pause: (partition) => source.pause(partition),
      resume: (partition) => source.resume(partition),
      stop: () => source.stop(),
      consume: (from, handle) =>
        source.consume(from, (batch) => {
          // Simulated sources hand over nothing else.
          const records = changed(batch as RecordList)
          if (records.length === 0) return Promise.resolve()
          return handle(new RecordList(batch.partition, records))
        }),
    }
    return { ...ports, source: mutant }
  }
}

function changeClock(clock: Clock, change: (now: number) => number): Clock {
  return {
    now: () => change(clock.now()),
    monotonic: () => clock.monotonic(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    yield: () => clock.yield(),
  }
}
