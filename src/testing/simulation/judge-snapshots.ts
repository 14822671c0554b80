/** Judges snapshots: each is of a committed tick, holds the books there, and is refused where damaged. */
import { DEFAULT_LIMITS } from '../../book/order-books.js'
import { OrderProcessor } from '../../jobs/order-processor.js'
import { loadSnapshot, readSnapshotMeta } from '../../wire/snapshot-reader.js'
import type { SnapshotFile } from './disk.js'
import type { OracleBooks } from './oracle-books.js'
import type { World } from './world.js'

export async function judgeSnapshots(world: World, books: OracleBooks): Promise<string[]> {
  const wrong: string[] = []
  const offsetsOf = new Map(
    world.broker.committed.map(({ writes }) => [writes.tick?.tick, writes.progress.offsets]),
  )
  const published = world.hosts.flatMap(({ disk }) => disk.published)
  world.count('snapshots published', published.length)
  for (const file of published) {
    const { offsets, tick } = await readSnapshotMeta(pieces(file)).catch(() => NO_META)
    const isCommitted = String(offsetsOf.get(tick)) === String(offsets)
    if (isCommitted && tick === file.tick) continue
    wrong.push(`snapshot ${file.name} is of ${tick} at ${offsets}, which was never committed`)
  }
  for (const { disk } of world.hosts) wrong.push(...disk.loadedDamaged)
  // To load them all would take longer than everything else.
  const last = published.at(-1)
  if (last !== undefined && wrong.length === 0 && world.seed % LOAD_EVERY === 0) {
    world.count('snapshots compared')
    wrong.push(...(await judgeBooks(world, last, books)))
  }
  return wrong
}

/** A process that starts when all is calm finds its way where a snapshot, or --accept-incomplete, lets it. */
export async function judgeLoss({ plan, input, processes }: World): Promise<string[]> {
  if (input.isReplaced) return []
  const { name, host, isRebuilding } = processes.at(-1)!
  if (plan.acceptIncomplete) return [`${name} gave up although it may begin in the middle`]
  const ranges = input.ranges()
  for (const file of isRebuilding ? [] : host.disk.files) {
    if (file.isDamaged) continue
    const { offsets } = await readSnapshotMeta(pieces(file))
    const isUseful = ranges.every(({ low }, partition) => offsets[partition]! >= low)
    if (isUseful) return [`${name} gave up although snapshot ${file.name} is there`]
  }
  return []
}

/** Of so many seeds one has a snapshot's books looked at; of all the place. */
const LOAD_EVERY = 4

const NO_META = { offsets: [], tick: Number.NaN }

async function judgeBooks(
  { plan }: World,
  file: SnapshotFile,
  oracle: OracleBooks,
): Promise<string[]> {
  const { closedWindow } = plan
  const limits = { ...DEFAULT_LIMITS, closedWindow }
  const processor = new OrderProcessor({ levels: Number.POSITIVE_INFINITY, limits, seed: 5 })
  const { books } = processor
  await loadSnapshot(pieces(file), books)
  const { offsets } = await readSnapshotMeta(pieces(file))
  const { naive } = advanced(oracle.fresh(file.base), offsets)
  const isSame =
    processor.message() === naive.message() &&
    books.openOrders === naive.openOrders &&
    books.waitingCloses === naive.waitingCloses
  return isSame ? [] : [`snapshot ${file.name} does not hold the books at ${offsets}`]
}

function advanced(book: ReturnType<OracleBooks['fresh']>, offsets: readonly number[]) {
  book.advanceTo(offsets)
  return book
}

async function* pieces({ bytes }: SnapshotFile): AsyncGenerator<Uint8Array> {
  yield bytes
}
