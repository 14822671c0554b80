/** Mergers with a fault in what they stand on; the simulation must notice each of them. */
import type { LogReader } from '../../../jobs/ports.js'
import { readLevelRecord } from '../../../wire/level-record.js'
import type { LogRecord } from '../../../wire/records.js'
import type { SimulatedProcess } from '../process.js'
import { SimulatedTransactionLog } from '../transaction-log.js'
import { SimulatedLevelsReader } from './levels-reader.js'
import type { ShardMutant } from './shard-fleet.js'
import type { ShardWorld } from './shard-world.js'

/** By what is wrong with them. */
export const mergerMutants: Readonly<Record<string, ShardMutant>> = {
  'each merger has a transactional id of its own': {
    merge: (ports, process, { world }) => ({
      ...ports,
      transactions: new SimulatedTransactionLog(world, process, `book-${process.name}`),
    }),
  },

  'a merger reads what is not committed': {
    merge: (ports, process, shards) => ({
      ...ports,
      openLevels: async () =>
        new SimulatedLevelsReader(shards, process, (partition, from) =>
          shards.levels.readUncommitted(partition, from),
        ),
    }),
  },

  'levels count before their mark': changeRecords(() => {
    const marks = new Map<number, LogRecord>()
    return (record) => {
      const { partition, isMark } = read(record)
      if (isMark) marks.set(partition, record)
      const last = marks.get(partition)
      return isMark || last === undefined ? [record] : [record, last]
    }
  }),

  'a mark counts for the second that it is read in': changeRecords((process, { world }) => {
    return (record) => {
      if (!read(record).isMark) return [record]
      const tick = Math.floor(process.host.wallMs(world.scheduler.now) / 1000)
      const mark = { ...JSON.parse(decoder.decode(record.value!)), tick }
      return [{ ...record, value: encoder.encode(JSON.stringify(mark)) }]
    }
  }),

  'levels that are gone stay': changeRecords(() => (record) => {
    return record.value === null ? [] : [record]
  }),
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

function read({ key, value }: LogRecord): { partition: number; isMark: boolean } {
  const found = readLevelRecord({
    key: decoder.decode(key!),
    value: value && decoder.decode(value),
  })
  return { partition: found!.partition, isMark: 'mark' in found! }
}

/** A mutant that gets other records than lie in the topic. */
function changeRecords(
  change: (process: SimulatedProcess, shards: ShardWorld) => (record: LogRecord) => LogRecord[],
): ShardMutant {
  return {
    merge: (ports, process, shards) => ({
      ...ports,
      openLevels: async (): Promise<LogReader> => {
        const reader = await ports.openLevels()
        const give = change(process, shards)
        return {
          ...{ topic: reader.topic, starts: reader.starts },
          ends: () => reader.ends(),
          stop: () => reader.stop(),
          next: async (partition) => {
            const piece = await reader.next(partition)
            return piece && { ...piece, records: piece.records.flatMap(give) }
          },
        }
      },
    }),
  }
}
