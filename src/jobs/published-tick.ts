/** A record of the output topic as `verify` sees it: its headers read, its differences put in words. */
import { DepthlineError } from '../errors.js'
import type { LogRecord, Offsets } from '../wire/records.js'

export interface PublishedTick {
  /** Of the record in the output topic. */
  readonly offset: string
  /** Epoch second. */
  readonly tick: number
  readonly offsets: Offsets
  readonly missed: number
  readonly rejected: number
  /** The header as it is. */
  readonly crossed: string
  readonly value: string
  /** The topic that holds the books instead of the value, which is too large; undefined where it holds them. */
  readonly gaveWayTo: string | undefined
  /** True where the job itself says that its input was not whole. */
  readonly isIncomplete: boolean
}

/** The tick that a record holds, or what is wrong with its form. */
export function readTick(record: LogRecord, partitions: number): PublishedTick | string {
  const { offset, timestamp, headers, value } = record
  for (const name of ['tick', 'missed', 'rejected']) {
    if (!isWhole(headers[name])) return `${name} is ${shown(headers[name])} and no whole number`
  }
  const tick = Number(headers.tick)
  if (timestamp !== String(tick * 1000)) {
    return `the record's timestamp is ${timestamp} and must be ${tick * 1000}, the tick × 1000`
  }
  const offsets = readOffsets(headers.offsets, partitions)
  if (offsets === undefined) {
    return `offsets is ${shown(headers.offsets)}, which does not name the next offset of each of the input's ${partitions} partitions`
  }
  const { version, clock, incomplete, by_symbol: gaveWayTo } = headers
  if (!version) return 'it has no header version'
  if (clock !== undefined && clock !== 'held')
    return `clock is ${shown(clock)} and can only be held`
  if (incomplete !== undefined && incomplete !== 'true') {
    return `incomplete is ${shown(incomplete)} and can only be true`
  }
  if (gaveWayTo !== undefined && value !== null) {
    return `by_symbol is ${shown(gaveWayTo)}, and the value is there all the same`
  }
  return {
    offset,
    tick,
    offsets,
    missed: Number(headers.missed),
    rejected: Number(headers.rejected),
    crossed: headers.crossed ?? '',
    // A byte order mark would be lost else; other bytes that are no UTF-8 show as U+FFFD, which no book holds.
    value: new TextDecoder('utf-8', { ignoreBOM: true }).decode(value ?? undefined),
    gaveWayTo,
    isIncomplete: incomplete !== undefined,
  }
}

/** A tick that another is counted from. */
export interface Base {
  readonly tick: number
  readonly offsets: Offsets
}

/** @param base the tick before: `none` before the job's first, `unknown` where it is deleted */
export function faultOfHeaders(
  { tick, offsets, missed }: PublishedTick,
  base: Base | 'none' | 'unknown',
): string | undefined {
  if (base === 'unknown') return undefined
  if (base === 'none') {
    return missed === 0 ? undefined : `missed is ${missed} and must be 0, for it is the first tick`
  }
  if (tick === base.tick) return 'the tick is there twice'
  if (tick < base.tick) return `it comes after tick ${base.tick}`
  const gap = tick - base.tick - 1
  if (missed !== gap) {
    return `missed is ${missed} and must be ${gap}, for the tick before is ${base.tick}`
  }
  const back = offsets.findIndex((offset, partition) => offset < base.offsets[partition]!)
  if (back < 0) return undefined
  return `offsets go back in partition ${back}, from ${base.offsets[back]} to ${offsets[back]}`
}

/** The second that a record of the output topic stands for, also where it is no right tick. */
export function secondOf({ headers, timestamp }: LogRecord): number {
  return isWhole(headers.tick) ? Number(headers.tick) : Math.floor(Number(timestamp) / 1000)
}

export function wrongTick(
  { tick, offset }: { tick: number; offset: string },
  what: string,
): DepthlineError {
  const date = new Date(tick * 1000)
  const time = Number.isNaN(date.getTime()) ? '' : ` (${date.toISOString().replace('.000', '')})`
  return new DepthlineError(
    'VERIFY_FAILED',
    `tick ${tick}${time} at offset ${offset} is wrong: ${what}`,
  )
}

/** Where two messages first differ, with some characters of both around it. */
export function differenceOf({
  published,
  recomputed,
}: {
  published: string
  recomputed: string
}): string {
  let at = 0
  while (at < published.length && published[at] === recomputed[at]) at++
  const start = Math.max(0, at - SHOWN / 2)
  const around = (text: string) => JSON.stringify(text.slice(start, start + SHOWN))
  return (
    `the value differs from byte ${at} on (it has ${published.length} characters, the recomputed one ${recomputed.length}; were run and verify told the same --levels and --closed-window?)\n` +
    `  published, from byte ${start}:  ${around(published)}\n` +
    `  recomputed, from byte ${start}: ${around(recomputed)}`
  )
}

const SHOWN = 60

function isWhole(text: string | undefined): boolean {
  return text !== undefined && /^(0|[1-9]\d{0,14})$/.test(text)
}

/** Undefined where the text is not exactly as it is published. */
function readOffsets(text: string | undefined, partitions: number): Offsets | undefined {
  const offsets = [...(text ?? '').matchAll(/:(\d{1,15})/g)].map(([, digits]) => Number(digits))
  const isExact = text === JSON.stringify(Object.fromEntries(offsets.entries()))
  return isExact && offsets.length === partitions ? offsets : undefined
}

function shown(text: string | undefined): string {
  return text === undefined ? 'absent' : JSON.stringify(text.slice(0, SHOWN))
}
