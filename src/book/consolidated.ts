/** Several exchanges' ladders as one, and which exchange gives how much of an order. */
import { add, compare, type Decimal, ZERO } from './decimal.js'
import type { Level } from './ladder.js'
import { BUY, type Side } from './order-event.js'
import { baseAmountOf, type LastPart, take } from './sweep.js'

/** One side of an exchange's book. */
export interface ExchangeSide {
  readonly exchange: string
  /** Best price first. */
  readonly levels: Iterable<Level>
}

/** A level that remembers where it rests. */
export interface ExchangeLevel extends Level {
  readonly exchange: string
}

/**
 * All levels of `sides`, best price first, at one price in the order of `sides`.
 *
 * Lazy, because an order rarely goes deep: only levels that are asked for are compared.
 */
export function* consolidate(
  sides: readonly ExchangeSide[],
  side: Side,
): Generator<ExchangeLevel, void> {
  const heads: Head[] = []
  for (const { exchange, levels } of sides) {
    const rest = levels[Symbol.iterator]()
    heads.push({ exchange, rest, level: rest.next().value })
  }
  for (;;) {
    let best: Head | undefined
    for (const head of heads) {
      if (best === undefined || isBetter(head, best, side)) best = head
    }
    if (best?.level === undefined) return
    const { price, amount } = best.level
    yield { price, amount, exchange: best.exchange }
    best.level = best.rest.next().value
  }
}

/** How far the merge has come in one exchange's levels. */
interface Head {
  readonly exchange: string
  readonly rest: Iterator<Level, undefined>
  /** Undefined once they are all taken. */
  level: Level | undefined
}

function isBetter(head: Head, than: Head, side: Side): boolean {
  if (head.level === undefined || than.level === undefined) return head.level !== undefined
  const order = compare(head.level.price, than.level.price)
  return side === BUY ? order > 0 : order < 0
}

/** One exchange's part of an order. */
export interface Share {
  readonly exchange: string
  /** Base units, rounded down. */
  readonly baseAmount: Decimal
  /** Quote units, exact. */
  readonly notional: Decimal
}

/** How an order of `notional` against `levels` falls to `exchanges`, in their order; who gives nothing is left out. */
export function split(
  levels: Iterable<ExchangeLevel>,
  notional: Decimal,
  exchanges: readonly string[],
): Share[] {
  const shares = new Map<string, { base: Decimal; notional: Decimal; last?: LastPart }>()
  for (const { level, total, completes } of take(levels, notional)) {
    const share = shares.get(level.exchange) ?? { base: ZERO, notional: ZERO }
    shares.set(level.exchange, {
      base: completes ? share.base : add(share.base, level.amount),
      notional: add(share.notional, total),
      ...(completes && { last: { total, price: level.price } }),
    })
  }
  return exchanges.flatMap((exchange) => {
    const share = shares.get(exchange)
    if (share === undefined) return []
    const baseAmount = baseAmountOf(share.base, share.last)
    return [{ exchange, baseAmount, notional: share.notional }]
  })
}
