/** The orders that every benchmark on Kafka reads: from a seed, as `emulate` makes them. */
import { OrderGenerator } from '../../src/jobs/order-generator.js'

const SEED = 42
const CREATED_AT = 1_700_000_000
/** A producer's warm book and the events that come live are one sequence. */
export const WARM_EVENTS = 20_000

export const SYMBOLS = ['BTC-USDT', ...Array.from({ length: 9 }, (_, index) => `S${index}-USDT`)]

export interface OrderRecord {
  readonly key: string
  readonly value: Buffer
}

/** The nth call gives the nth event, each time the same. */
export function orderEvents(): () => OrderRecord {
  const options = { seed: SEED, symbols: SYMBOLS, openOrders: 10_000, closeRatio: 0.45 }
  const generator = new OrderGenerator(options)
  return () => {
    const { key, value } = generator.next(CREATED_AT)
    // Without faults there are no tombstones; KafkaJS sends other bytes than Buffers wrongly.
    const { buffer, byteOffset, byteLength } = value!
    return { key, value: Buffer.from(buffer, byteOffset, byteLength) }
  }
}

/**
 * Where an event goes: by its order id, as with any keyed producer, but without
 * the hash, which is a good part of what loading costs.
 */
export function partitionOf(key: string, partitions: number): number {
  return Number(key) % partitions
}
