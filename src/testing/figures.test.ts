/** The README's figures are what the results say, and so are those of docs/PERFORMANCE.md and the plots. */
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ownTable } from '../../scripts/figure-tables.js'
import type { Json, Results } from '../../scripts/figure-text.js'
import { allFiles, committedResults, plots, withFigures } from '../../scripts/figures.js'
import { peerTable } from '../../scripts/peer-table.js'
import { drawPlot } from '../../scripts/plot.js'

const resultsOf = (files: Json): Results => {
  return (name) => files[name]
}
const machine = { cpu: 'AMD EPYC', cores: 2, memoryGb: 24 }

describe('figures', () => {
  it.each([...allFiles(committedResults)])('in %s are what the results say', (path, content) => {
    const file = new URL(`../../${path}`, import.meta.url)
    const committed = existsSync(file) ? readFileSync(file, 'utf8') : ''
    expect(committed === content, `${path} is old: run \`make figures\``).toBe(true)
  })

  it('have rows only for what was measured', () => {
    const toTickMs = { median: 866, max: 1201 }
    const recovery = { machine, kills: 9, rate: 1000, toTickMs, lostTicks: 0 }
    expect(
      ownTable(resultsOf({ 'kafka-recovery': recovery }))
        .split('\n')
        .slice(2),
    ).toEqual([
      '| `kill -9` and the same command again, at 1,000 events/s | next tick after 0.87 s (median), 1.20 s (worst of 9); no tick lost | `make bench-kafka` |',
    ])
    expect(peerTable(resultsOf({}))).toBe('')
  })

  it('stand engine beside engine, with a dash for what one cannot do or failed at', () => {
    const flink = { runs: 3, eventsPerSecond: 109_000, notExact: { amounts: 2343 }, levels: 2746 }
    const engines = {
      'bare-kafkajs': { runs: 3, eventsPerSecond: 600_123 },
      spark: { runs: 0 },
      flink,
    }
    const rows = peerTable(resultsOf({ peers: { tests: { 'drain-1000000': { engines } } } }))
    expect(rows.split('\n')).toEqual([
      '|  | Flink | Spark | KafkaJS alone |',
      '|---|---|---|---|',
      '| drain 1 M events, start-up counted | 109k/s | – | 600k/s |',
      '| CPU-seconds, 1 M | – | – | – |',
      '| peak memory, 1 M | – | – | – |',
      '| amounts that are not exact, 1 M | 2,343 of 2,746 | – | – |',
    ])
  })

  it('replace what stands between the markers, and nothing else', () => {
    const document = 'a\n<!-- figures: peers -->\nold\n<!-- /figures -->\nb\n'
    const emptied = withFigures(document, resultsOf({}))
    expect(emptied).toBe('a\n<!-- figures: peers -->\n<!-- /figures -->\nb\n')
    const unknown = document.replace('peers', 'others')
    expect(() => withFigures(unknown, resultsOf({}))).toThrow('no figures called others')
  })

  it('are drawn where a list says how they grew', () => {
    const core = [1, 10, 100].map((symbols) => ({ symbols, workMs: symbols, longestStepMs: 1 }))
    const drawn = plots(resultsOf({ ticks: { live: { symbols: 5 }, core } }))
    expect(drawn.map(({ name }) => name)).toEqual(['tick'])
    const picture = drawPlot(drawn[0]!.plot)
    // The logarithms of the sizes are evenly apart, and the largest value is at the top.
    expect(picture).toContain('d="M64 270L340 249L616 44"')
    expect(picture).toContain('prefers-color-scheme: dark')
  })
})
