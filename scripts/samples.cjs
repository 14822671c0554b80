/** Writes what the exchanges' side of `make samples` left as CSV, each row marked as simulated, and the run's own summaries. */
const { readFileSync, writeFileSync } = require('node:fs')

const [work, out] = process.argv.slice(2)
const read = (name) => JSON.parse(readFileSync(`${work}/${name}.json`, 'utf8'))

/** The average mid price and the best exchange of a minute and market in one row, as the topic's record has them. */
function analyticsRows() {
  const best = new Map(read('best').map((row) => [`${row.poll_at} ${row.market}`, row]))
  return read('mid').map((row) => ({ ...row, ...best.get(`${row.poll_at} ${row.market}`) }))
}

function writeCsv(name, rows) {
  const columns = ['data', ...Object.keys(rows[0])]
  const cell = (value) => String(Array.isArray(value) ? value.join(' ') : (value ?? ''))
  const lines = rows.map((row) => columns.map((key) => cell({ data: 'simulated', ...row }[key])))
  const text = [columns, ...lines].map((cells) => `${cells.map(quoted).join(',')}\n`).join('')
  writeFileSync(`${out}/${name}.csv`, text)
}

const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

writeCsv('market-analytics', analyticsRows())
writeCsv('exchange-depth', read('depth'))
const summary = {
  run: read('run'),
  verify: read('verify'),
  poll: read('poll'),
  analyse: read('analyse'),
}
writeFileSync(`${out}/samples.json`, `${JSON.stringify(summary, null, 2)}\n`)
console.log(JSON.stringify(summary, null, 2))
