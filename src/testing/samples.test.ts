/** The files of output/ are what output/README.md says: one run of five minutes, and answers marked as simulated. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseTickMessage } from '../wire/tick-message.js'

const read = (name: string) =>
  readFileSync(new URL(`../../output/${name}`, import.meta.url), 'utf8')
const { run, verify, analyse } = JSON.parse(read('samples.json'))

/** The messages' texts, which JSON.parse would round. */
const messages = read('order-book.json')
  .split('\n')
  .filter((line) => line.length > 1)
  .map((line) => line.replace(/,$/, ''))

describe('output/order-book', () => {
  it('.json holds every message of a run of five minutes, each as it was published', () => {
    expect(messages.length).toBeGreaterThanOrEqual(300)
    expect(messages.length).toBe(run.ticks)
    expect(messages.filter((message) => parseTickMessage(message) === undefined)).toEqual([])
  })

  it('.csv holds the same levels, second after second', () => {
    const lines = read('order-book.csv').trimEnd().split('\n').slice(1)
    const levels = messages.flatMap((message) => parseTickMessage(message)!)
    const cells = levels.map((row) => Object.values(row).join(','))
    expect(lines.map((line) => line.slice(line.indexOf(',') + 1))).toEqual(cells)
    const ticks = [...new Set(lines.map((line) => Number(line.split(',')[0])))]
    const first = ticks[0]!
    expect(ticks).toEqual(ticks.map((_, at) => first + at))
  })

  it('was verified whole, without a second missed', () => {
    expect(verify).toMatchObject({ ticks: run.ticks, verified: run.ticks, wrong: 0 })
    expect([run.missed, run.rejected]).toEqual([0, 0])
  })
})

describe('the answers of simulated exchanges', () => {
  it.each(['market-analytics.csv', 'exchange-depth.csv'])('%s says so in every row', (name) => {
    const rows = read(name).trimEnd().split('\n').slice(1)
    expect(rows.filter((row) => !row.startsWith('simulated,'))).toEqual([])
    const minutes = new Set(rows.map((row) => row.split(',')[1]))
    expect(minutes.size).toBe(analyse.rounds)
  })
})
