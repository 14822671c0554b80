/** The merger's ladders by symbol, also where its books began anew. */
import { expect, it } from 'vitest'
import type { LevelPlace } from '../book/changed-levels.js'
import { MergedBooks } from '../book/merged-books.js'
import { BUY } from '../book/order-event.js'
import { TickPrinter } from '../wire/tick-message.js'
import { MergedLadders } from './merged-ladders.js'

const ONE = { units: 1, scale: 0 }

function printed(symbols: readonly string[]) {
  const books = new MergedBooks()
  const place = (symbol: string): LevelPlace => ({ symbol, side: BUY, price: ONE })
  for (const symbol of symbols) books.set(0, place(symbol), ONE)
  const printer = new TickPrinter(books, 15)
  printer.print()
  return { books, printer, place }
}

it('names each symbol that a message changed, and after books that began anew also those that vanished', () => {
  const named = new Set<string>()
  const ladders = new MergedLadders()
  ladders.watchSymbols((symbol) => named.add(symbol))
  expect(ladders.ladder('A')).toBeNull()

  const first = printed(['A', 'B'])
  ladders.printedBy(first.printer)
  expect([...named].sort()).toEqual(['A', 'B'])
  named.clear()
  first.books.set(0, first.place('A'), undefined)
  first.printer.print()
  ladders.printedBy(first.printer)
  expect([...named]).toEqual(['A'])
  expect(ladders.ladder('A')).toBeNull()

  named.clear()
  const second = printed(['C'])
  expect(ladders.ladder('B')).not.toBeNull()
  ladders.printedBy(second.printer)
  expect([...named].sort()).toEqual(['B', 'C'])
  expect(ladders.ladder('B')).toBeNull()
  expect(String(new TextDecoder().decode(ladders.ladder('C')!))).toContain('"symbol":"C"')
})
