import { expect, test } from 'vitest'
import { reportTable } from './report-table.js'

const report = {
  columns: ['poll_at', 'market', 'price', 'names', 'detail'],
  rows: [
    ['10:00', 'BTC-USD', '34045.245', ['coinbase', 'kraken'], null],
    ['10:01', 'BTC-USD', '7', [], 'the book is older than the answer'],
  ],
}

test('a table has numbers to the right, text to the left, and a dash where nothing is', () => {
  expect(reportTable(report, 100)).toEqual([
    'poll_at  market       price  names            detail',
    '10:00    BTC-USD  34045.245  coinbase kraken  -',
    '10:01    BTC-USD          7                   the book is older than the answer',
  ])
})

test('a table that is too wide goes on below, with time and market again', () => {
  expect(reportTable(report, 46)).toEqual([
    'poll_at  market       price  names',
    '10:00    BTC-USD  34045.245  coinbase kraken',
    '10:01    BTC-USD          7',
    '',
    'poll_at  market   detail',
    '10:00    BTC-USD  -',
    '10:01    BTC-USD  the book is older than the …',
  ])
})

test('a table without rows is its head', () => {
  expect(reportTable({ ...report, rows: [] }, 100)).toEqual([
    'poll_at  market  price  names  detail',
  ])
})
