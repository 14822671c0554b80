import { expect, test } from 'vitest'
import { IdTable } from './id-table.js'
import { Prefetch } from './prefetch.js'

test('any number of places may be noted, of tables small and grown, and nothing changes', () => {
  const table = new IdTable(1, 3)
  const prefetch = new Prefetch()
  for (let count = 0; count <= 200; count++) {
    for (let key = 1; key <= count; key++) table.expect(key - 100, prefetch)
    prefetch.run()
    table.insert(count + 1)
  }
  expect([...table.keys()].flatMap(({ keys }) => [...keys]).sort((a, b) => a - b)).toEqual(
    Array.from({ length: 201 }, (_, index) => index + 1),
  )
})
