/** What the files of output/ say, for the documents: the newest answers, and the run that they come from. */
import { readFileSync } from 'node:fs'
import type { Json } from './figure-text.js'
import { table, whole } from './figure-text.js'

const OUTPUT = new URL('../output/', import.meta.url)

/** Of the last minute, a market a row: the average mid price, and where $50k is best bought and sold. */
export function analyticsTable(): string {
  const rows = csvRows('market-analytics.csv')
  const newest = rows.at(-1)!.poll_at
  const lines = rows
    .filter((row) => row.poll_at === newest)
    .map((row) => [
      row.market!,
      row.average_mid_price!,
      `${row.buy_exchange} at ${row.buy_price}, ${row.buy_advantage_bps} bps better than the next`,
      `${row.sell_exchange} at ${row.sell_price}, ${row.sell_advantage_bps} bps`,
    ])
  const head = ['market', 'average mid price', 'buy $50k', 'sell $50k']
  const of = `The minute ${newest}, four **simulated** exchanges`
  return `${table(head, lines)}\n\n${of} ([output/market-analytics.csv](output/market-analytics.csv)).`
}

/** The run behind output/order-book.json in one sentence. */
export function runLine(): string {
  const { run, verify }: Json = JSON.parse(readOutput('samples.json'))
  return `${whole(run.ticks)} messages of ${whole(run.records)} events, ${whole(run.missed)} seconds missed; \`depthline verify\` recomputed ${whole(verify.verified)} of ${whole(verify.ticks)}, and ${whole(verify.wrong)} were wrong.`
}

/** None of its cells holds a comma. */
function csvRows(name: string): Record<string, string>[] {
  const [head = '', ...lines] = readOutput(name).trimEnd().split('\n')
  const columns = head.split(',')
  return lines.map((line) => {
    const cells = line.split(',')
    return Object.fromEntries(columns.map((column, at) => [column, cells[at] ?? '']))
  })
}

function readOutput(name: string): string {
  return readFileSync(new URL(name, OUTPUT), 'utf8')
}
