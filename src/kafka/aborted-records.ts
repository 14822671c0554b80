/** A patch to KafkaJS: records of aborted transactions stay hidden also where several producers write one partition. */
import { createRequire } from 'node:module'

/** What is used of a record of KafkaJS. */
interface FetchedRecord {
  readonly offset: string
  readonly key: Uint8Array | null
  /** Those are handed to nobody. */
  isControlRecord: boolean
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean }
}

/** What is used of a partition in a response to Fetch. */
export interface FetchedPartition {
  /** Absent or null where the response is of records of all kinds. */
  abortedTransactions?: readonly AbortedTransaction[] | null
  readonly messages: readonly FetchedRecord[]
}

interface AbortedTransaction {
  readonly producerId: string
  readonly firstOffset: string
}

interface Broker {
  fetch(request: object): Promise<{
    readonly responses: readonly { readonly partitions: readonly FetchedPartition[] }[]
  }>
}

const PATH = 'kafkajs/src/broker'
const PATCHED = Symbol.for('depthline.aborted-records')
/** The key of an abort marker ends with the type 0, that of a commit with 1. */
const TYPE_AT = 3

/**
 * Has every consumer of this process pass over aborted records. A broker lists aborted
 * transactions by where they ended; KafkaJS takes that for where they began, and hands over
 * records of one that began before another and ended behind it.
 *
 * @throws Error where the installed KafkaJS is another than the one that this was made for
 */
export function hideAbortedRecords(): void {
  const { prototype } = createRequire(import.meta.url)(PATH) as { prototype?: Partial<Broker> }
  const original = prototype?.fetch
  if (original === undefined) {
    const message = `${PATH} has no fetch: KafkaJS is not the version 2.2.4 that src/kafka/aborted-records.ts was made for`
    throw new Error(message)
  }
  if (PATCHED in original) return
  const patched = async function (this: Broker, request: object) {
    const response = await original.call(this, request)
    for (const { partitions } of response.responses) partitions.forEach(hideAborted)
    return response
  }
  prototype!.fetch = Object.assign(patched, { [PATCHED]: true })
}

/** Makes aborted records look like markers, which count for positions and reach nobody. */
export function hideAborted(fetched: FetchedPartition): void {
  const { abortedTransactions, messages } = fetched
  if (!abortedTransactions?.length) return
  const waiting = abortedTransactions
    .map(({ producerId, firstOffset }) => ({ producerId, from: Number(firstOffset) }))
    .sort((a, b) => a.from - b.from)
  const aborted = new Set<string>()
  for (const message of messages) {
    while (waiting.length > 0 && waiting[0]!.from <= Number(message.offset)) {
      aborted.add(waiting.shift()!.producerId)
    }
    const { producerId, inTransaction } = message.batchContext
    if (message.isControlRecord) {
      if (message.key?.[TYPE_AT] === 0) aborted.delete(producerId)
    } else if (inTransaction && aborted.has(producerId)) message.isControlRecord = true
  }
  // Nothing is left for KafkaJS to find.
  fetched.abortedTransactions = []
}
