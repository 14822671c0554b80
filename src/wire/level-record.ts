/** The records of a levels topic: what a shard has at each level, and marks that say up to where that is so. */
import type { LevelPlace } from '../book/changed-levels.js'
import { type Decimal, parseDecimal, toText } from '../book/decimal.js'
import { BUY, SELL } from '../book/order-event.js'
import type { Steps } from './steps.js'
import type { PrintableBooks } from './tick-message.js'

/** A record of text; null where the level is gone. */
export interface LevelRecord {
  readonly key: string
  readonly value: string | null
}

/**
 * Closes what a partition's commit has changed. With the level records of its partition up to
 * here the levels are those of exactly the input below `offset`.
 */
export interface Mark {
  /** Epoch second that it was made for. */
  readonly tick: number
  readonly offset: number
  /** The hash of the last record below the offset; '' where there is none. */
  readonly lastRecord: string
  readonly openOrders: number
  readonly waitingCloses: number
  /** Records below the offset that were rejected. */
  readonly rejected: number
  /** True where orders are missing that the input no longer held. */
  readonly isIncomplete: boolean
  /**
   * Of the topic's partition: an offset at which the shard has written before; 0 where it knows of
   * none. A mark that lies before it lies in another topic, and what was written then is missing.
   */
  readonly after: number
  /** The process that made it. */
  readonly owner: string
  /** Counts the partition's commits. */
  readonly sequence: number
  /** Of depthline. */
  readonly version: string
}

/** What a shard says of itself; the rest of the mark is known where it is written. */
export type ShardMark = Omit<Mark, 'after' | 'owner' | 'sequence' | 'version'>

/** A record of the topic, read. */
export type PublishedLevel =
  | { readonly partition: number; readonly mark: Mark }
  | {
      readonly partition: number
      readonly place: LevelPlace
      /** Undefined where the level is gone. */
      readonly amount: Decimal | undefined
    }

/** So many levels are looked up and spelled in a millisecond or two. */
const STEP_LEVELS = 2_000

/** What a partition has at these places now; the books must stay as they are until the last step. */
export function* levelRecords(
  partition: number,
  places: readonly LevelPlace[],
  books: Pick<PrintableBooks, 'book'>,
): Steps<LevelRecord[]> {
  const records: LevelRecord[] = []
  for (const { symbol, side, price } of places) {
    if (records.length > 0 && records.length % STEP_LEVELS === 0) yield
    const book = books.book(symbol)
    const amount = (side === BUY ? book?.bids : book?.asks)?.amountAt(price)
    const key = `${partition} ${symbol} ${side === BUY ? 'BUY' : 'SELL'} ${toText(price)}`
    records.push({ key, value: amount === undefined ? null : toText(amount) })
  }
  return records
}

export function markRecord(partition: number, mark: Mark): LevelRecord {
  return { key: String(partition), value: JSON.stringify(mark) }
}

const PARTITION = '(0|[1-9]\\d{0,5})'
const NUMBER = '(?:0|[1-9]\\d*)(?:\\.\\d*[1-9])?'
const MARK_KEY = new RegExp(`^${PARTITION}$`)
const LEVEL_KEY = new RegExp(
  `^${PARTITION} ([A-Za-z0-9][A-Za-z0-9._/:-]{0,31}) (BUY|SELL) (${NUMBER})$`,
)
const AMOUNT = new RegExp(`^${NUMBER}$`)

/** Undefined where it is no record of a levels topic. */
export function readLevelRecord({ key, value }: LevelRecord): PublishedLevel | undefined {
  const level = LEVEL_KEY.exec(key)
  if (level === null) {
    const [, partition] = MARK_KEY.exec(key) ?? []
    const mark = value === null ? undefined : readMark(value)
    if (partition === undefined || mark === undefined) return undefined
    return { partition: Number(partition), mark }
  }
  const [, partition, symbol = '', side, price = ''] = level
  if (value !== null && !AMOUNT.test(value)) return undefined
  const place = { symbol, side: side === 'BUY' ? BUY : SELL, price: parseDecimal(price)! } as const
  const amount = value === null ? undefined : parseDecimal(value)
  return { partition: Number(partition), place, amount }
}

const KINDS: Record<keyof Mark, 'count' | 'text' | 'fact'> = {
  tick: 'count',
  offset: 'count',
  lastRecord: 'text',
  openOrders: 'count',
  waitingCloses: 'count',
  rejected: 'count',
  isIncomplete: 'fact',
  after: 'count',
  owner: 'text',
  sequence: 'count',
  version: 'text',
}

function readMark(text: string): Mark | undefined {
  try {
    const value = JSON.parse(text)
    const isMark = Object.entries(KINDS).every(([name, kind]) => {
      if (kind === 'count') return Number.isSafeInteger(value[name]) && value[name] >= 0
      return typeof value[name] === (kind === 'text' ? 'string' : 'boolean')
    })
    return isMark ? value : undefined
  } catch {
    return undefined
  }
}
