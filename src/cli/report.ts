/** `depthline report`: the BI team's questions, answered from the lake. */
import { Argument, type Command } from 'commander'
import * as z from 'zod'
import { checkFlags, lakeFolder, symbolName } from '../config.js'
import {
  QUESTIONS,
  type Question,
  type Report,
  type ReportCell,
  readReport,
} from '../storage/lake-report.js'
import { csvLine } from '../wire/csv.js'
import { standardOutput } from './output.js'
import { systemClock } from './process.js'
import { reportTable } from './report-table.js'
import { since } from './since-flag.js'

const FORMATS = ['table', 'csv', 'json'] as const
type ReportFormat = (typeof FORMATS)[number]
/** Where no terminal says how wide it is. */
const WIDTH = 120

const Flags = z.object({
  since: since(),
  market: symbolName().optional(),
  output: z.enum(FORMATS, `one of ${FORMATS.join(', ')}`),
})

export function addReportCommand(program: Command): void {
  program
    .command('report')
    .summary('mid prices, the best exchange, or depth, from the lake')
    .description(
      'mid: the average mid price of each minute and market, and of which exchanges. best: where to buy and to sell the notional, at which price, and how much better than elsewhere. depth: each book with the prices of market orders, their slippage, and the money near the mid price. Times are UTC, decimals exact.',
    )
    .addArgument(new Argument('<question>', 'what to show').choices(QUESTIONS))
    .option('--since <time>', 'how far back: 90s, 15m, 24h, 7d, an epoch second or a time', '24h')
    .option('--market <market>', 'this one only, such as BTC-USD')
    .option('-o, --output <format>', 'table, csv or json', 'table')
    .action(reportCommand)
}

async function reportCommand(question: Question, options: unknown): Promise<void> {
  const { since, market, output } = checkFlags(Flags, options)
  const range = { since: since(systemClock.now()), market }
  const report = await readReport(lakeFolder(process.env), question, range)
  if (report.rows.length === 0) {
    const from = new Date(range.since).toISOString()
    const of = market === undefined ? '' : ` of ${market}`
    process.stderr.write(`depthline: the lake holds nothing${of} since ${from}\n`)
  }
  await standardOutput.write(reportText(report, output))
}

function reportText(report: Report, format: ReportFormat): string {
  const { columns, rows } = report
  if (format === 'csv') {
    return [columns, ...rows.map((row) => row.map(csvText))].map(csvLine).join('')
  }
  if (format === 'table') {
    return `${reportTable(report, process.stdout.columns ?? WIDTH).join('\n')}\n`
  }
  const objects = rows.map((row) =>
    JSON.stringify(Object.fromEntries(columns.map((name, at) => [name, row[at]]))),
  )
  return objects.length === 0 ? '[]\n' : `[\n${objects.join(',\n')}\n]\n`
}

function csvText(cell: ReportCell): string {
  if (cell === null) return ''
  return Array.isArray(cell) ? cell.join(' ') : String(cell)
}
