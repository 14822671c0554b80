import { expect, test } from 'vitest'
import { IdTable } from './id-table.js'
import { Prefetch, REACH } from './prefetch.js'

/** Reads beyond the end of an array would be slow, and make the code around them slow for ever. */
class Checked extends Prefetch {
  override add(memory: Uint32Array, at: number): void {
    if (at < 0 || at + REACH >= memory.length) throw new Error(`${at} of ${memory.length}`)
    super.add(memory, at)
  }
}

test('any number of places may be noted, of tables small and grown, and nothing changes', () => {
  const table = new IdTable(1, 3)
  const prefetch = new Checked()
  for (let count = 0; count <= 2000; count++) {
    for (let ahead = 0; ahead < count % 200; ahead++) table.expect(count - 100 + ahead, prefetch)
    prefetch.run()
    table.insert(count + 1)
  }
  for (let key = 1; key <= 20_000; key++) table.expect(key, prefetch)
  expect([...table.keys()].flatMap(({ keys }) => [...keys]).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 2001 }, (_, index) => index + 1),
  )
})
