/** How partitions are divided among the members of a group. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { divide } from './sticky-assigner.js'

const member = (id: string, ...owned: number[]) => ({ id, owned })
const EIGHT = [0, 1, 2, 3, 4, 5, 6, 7]

test('a member alone gets all of them', () => {
  expect(divide(EIGHT, [member('a')])).toEqual(new Map([['a', EIGHT]]))
})

test('who comes anew gets a fair share, and nothing moves between the others', () => {
  const members = [member('a', 0, 1, 2, 3), member('b', 4, 5, 6, 7), member('c')]
  const divided = divide(EIGHT, members)
  expect(divided.get('a')).toEqual([0, 1, 2])
  expect(divided.get('b')).toEqual([4, 5, 6])
  expect(divided.get('c')).toEqual([3, 7])
})

test('what a member leaves goes to the others, who keep theirs', () => {
  const divided = divide(EIGHT, [member('b', 2, 3, 4), member('c', 5, 6, 7)])
  expect(divided.get('b')).toEqual([0, 2, 3, 4])
  expect(divided.get('c')).toEqual([1, 5, 6, 7])
})

test('a partition that two claim, or that is no more, is given once or not at all', () => {
  const divided = divide([0, 1], [member('a', 0, 1, 9), member('b', 0, 1)])
  expect([...divided.values()].flat().sort()).toEqual([0, 1])
  expect(divided.get('b')).toHaveLength(1)
})

test('members without a partition are there, too', () => {
  const divided = divide([0], [member('a'), member('b'), member('c', 0)])
  expect(divided).toEqual(new Map(Object.entries({ a: [], b: [], c: [0] })))
})

test('all are given once, numbers differ by one at most, and no fewer could move', () => {
  const anyMembers = fc.uniqueArray(
    fc.record({ id: fc.string({ minLength: 1 }), owned: fc.uniqueArray(fc.nat(20)) }),
    { selector: ({ id }) => id, minLength: 1, maxLength: 6 },
  )
  fc.assert(
    fc.property(fc.nat(20), anyMembers, (count, claims) => {
      const partitions = Array.from({ length: count }, (_, partition) => partition)
      // No two claim the same here, so that the least number of moves is known.
      const taken = new Set<number>()
      const members = claims.map(({ id, owned }) => {
        const own = owned.filter((partition) => partition < count && !taken.has(partition))
        for (const partition of own) taken.add(partition)
        return { id, owned: own }
      })
      const divided = divide(partitions, members)
      expect([...divided.values()].flat().sort((a, b) => a - b)).toEqual(partitions)
      const numbers = [...divided.values()].map(({ length }) => length)
      expect(Math.max(...numbers) - Math.min(...numbers)).toBeLessThanOrEqual(1)
      const kept = members.map(({ id, owned }) => {
        return divided.get(id)!.filter((partition) => owned.includes(partition)).length
      })
      const fair = Math.floor(count / members.length)
      const owned = members.map((each) => each.owned.length).sort((a, b) => b - a)
      const most = owned.map((own, index) => {
        return Math.min(own, fair + (index < count % members.length ? 1 : 0))
      })
      expect(sum(kept)).toBe(sum(most))
    }),
  )
})

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
