/** Aborted records, whatever order the broker lists their transactions in. */
import { expect, it } from 'vitest'
import { type FetchedPartition, hideAborted } from './aborted-records.js'

const ABORT = new Uint8Array([0, 0, 0, 0])
const COMMIT = new Uint8Array([0, 0, 0, 1])

/** `a`: a record of producer a; `-a`, `+a`: its abort, its commit; `.`: a record outside transactions. */
function partition(log: string, aborted: Record<string, number>[], from = 0): FetchedPartition {
  const messages = log.split(' ').map((text, index) => {
    const producerId = text.at(-1)!
    const isControlRecord = text.length === 2
    return {
      offset: String(from + index),
      key: text[0] === '+' ? COMMIT : ABORT,
      isControlRecord,
      batchContext: { producerId, inTransaction: text !== '.' },
    }
  })
  const abortedTransactions = aborted.flatMap((one) =>
    Object.entries(one).map(([producerId, first]) => ({ producerId, firstOffset: String(first) })),
  )
  return { abortedTransactions, messages }
}

/** Offsets that a consumer is given. */
function shown(fetched: FetchedPartition): number[] {
  hideAborted(fetched)
  expect(fetched.abortedTransactions).toEqual([])
  const seen = fetched.messages.filter(({ isControlRecord }) => !isControlRecord)
  return seen.map(({ offset }) => Number(offset))
}

it.each<[string, string, Record<string, number>[], number[]]>([
  [
    'one that began before another and ended behind it',
    'a b c -b a -a +c',
    [{ b: 1 }, { a: 0 }],
    [2],
  ],
  ['the next transaction of the same producer', 'a -a a +a a -a', [{ a: 0 }, { a: 4 }], [2]],
  ['one whose marker is not there yet', '. a a', [{ a: 1 }], [0]],
  ['others than those of the aborted', 'b a . -a +b', [{ a: 1 }], [0, 2]],
])('are hidden: %s', (_, log, aborted, expected) => {
  expect(shown(partition(log, aborted))).toEqual(expected)
})

it('are hidden where reading begins within two of them', () => {
  expect(shown(partition('b a . -b -a', [{ b: 3 }, { a: 2 }], 10))).toEqual([12])
})
