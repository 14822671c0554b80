/** The core alone, without Kafka: reading, applying, the message, and what millions of open orders cost. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { OrderGenerator } from '../src/jobs/order-generator.js'
import { OrderProcessor } from '../src/jobs/order-processor.js'
import { OrderEventReader } from '../src/wire/order-event-reader.js'
import { TickPrinter } from '../src/wire/tick-message.js'
import { BookLoad, LIMITS, type LoadOptions, PARTITIONS } from './book-load.js'
import { median, report } from './report.js'

const RUNS = 5
const PROCESSES = 3
const MANY = Number(process.env.ORDERS ?? 10_000_000)
const FEW = 100_000
const EVENTS = 300_000
const PLAIN: LoadOptions = { openOrders: FEW, symbols: 10, levels: 137 }
/** 10 symbols × 137 levels × 2 sides: nearly the 2,746 of the comparison with other engines. */
const MESSAGE_ROWS = 2740

const [role, argument = '{}'] = process.argv.slice(2)
const ROLES: Record<string, (given: never) => unknown> = { parse, message, apply, growth, closes }
if (role !== undefined) process.send!(ROLES[role]!(JSON.parse(argument) as never))
else await measure()

async function measure(): Promise<void> {
  const method = `Reading and applying: the median of ${RUNS} runs of ${EVENTS} events in CPU time, and for applying of ${PROCESSES} processes, because it matters by a twentieth where their memory lies, each after four times as many events as orders are open; the message: of 50; growth, memory and closes: one run, the longest apply by the wall clock. Every state is in a process of its own. Closes are random; ${PARTITIONS} partitions with full windows of ${LIMITS.closedWindow} closes; half of the applied events are closes; sixteen events are read ahead, as \`run\` does.`
  const byOpenOrders = await series([1000, 10_000, FEW, 1_000_000, MANY], 'openOrders')
  const few = byOpenOrders.find(({ openOrders }) => openOrders === FEW)!
  const many = byOpenOrders.at(-1)!
  report(process.env.ORDERS === undefined ? 'core' : 'core-fewer', method, {
    read: await inProcess('parse'),
    message: await inProcess('message'),
    applyWithManyToFew: rounded(few.nsPerEvent / many.nsPerEvent),
    growth: await inProcess('growth'),
    closedOrders: await inProcess('closes'),
    byOpenOrders,
    bySymbols: await series([1, 10, 100, 1000, 10_000], 'symbols'),
    byLevels: await series([10, 100, 1000, 10_000, 100_000], 'levels'),
  })
}

async function series(values: readonly number[], what: keyof LoadOptions) {
  const points: (LoadOptions & ReturnType<typeof apply>)[] = []
  for (const value of values) {
    const fixed = what === 'symbols' ? { levels: 10 } : what === 'levels' ? { symbols: 1 } : {}
    const options = { ...PLAIN, ...fixed, [what]: value }
    points.push({ ...options, ...(await measureApply(options)) })
  }
  return points
}

async function measureApply(options: LoadOptions): Promise<ReturnType<typeof apply>> {
  const processes: ReturnType<typeof apply>[] = []
  for (let count = 0; count < PROCESSES; count++) processes.push(await inProcess('apply', options))
  return {
    nsPerEvent: median(processes.map(({ nsPerEvent }) => nsPerEvent)),
    updateOfAllLevelsMs: median(processes.map(({ updateOfAllLevelsMs }) => updateOfAllLevelsMs)),
  }
}

async function inProcess<T>(name: string, options: object = {}): Promise<T> {
  const child = fork(import.meta.filename, [name, JSON.stringify(options)], {
    execArgv: [...process.execArgv, '--expose-gc'],
  })
  const [result] = await once(child, 'message')
  return result as T
}

/** Values as Kafka gives them: each a small view of its own into a larger buffer. */
function parse() {
  const generator = new OrderGenerator({
    ...{ seed: 42, symbols: Array.from({ length: 10 }, (_, index) => `S${index}-USDT`) },
    ...{ openOrders: 10_000, closeRatio: 0.45 },
  })
  const values = Array.from({ length: EVENTS }, () => generator.next(1_700_000_000).value!)
  const whole = Buffer.concat(values)
  let at = 0
  const views = values.map(({ length }) => whole.subarray(at, (at += length)))
  const reader = new OrderEventReader()
  const read = timed(() => {
    for (const value of views) reader.read(value, 0, value.length)
  })
  const readAndApply = timed(() => {
    const processor = new OrderProcessor({ levels: 15, limits: LIMITS, seed: 1 })
    for (const value of views) processor.accept(value, 0, value.length, 0)
  })
  const perSecond = (milliseconds: number) => Math.round((EVENTS / milliseconds) * 1000)
  return { eventsPerSecond: perSecond(read), eventsAppliedPerSecond: perSecond(readAndApply) }
}

/** Every level changes between two messages. */
function message() {
  const load = new BookLoad({ openOrders: 50_000, symbols: 10, levels: 137 })
  const printer = new TickPrinter(load.books, Number.POSITIVE_INFINITY)
  load.openOnEachLevel()
  printer.print()
  const times: number[] = []
  let text = ''
  for (let run = 0; run < 60; run++) {
    load.openOnEachLevel()
    const started = cpuMs()
    text = printer.print()
    if (run >= 10) times.push(cpuMs() - started)
  }
  const rows = text.split('{').length - 1
  if (rows !== MESSAGE_ROWS) throw new Error(`${rows} rows instead of ${MESSAGE_ROWS}`)
  return { rows, bytes: text.length, ms: rounded(median(times)) }
}

function apply(options: LoadOptions) {
  const load = new BookLoad(options)
  load.fillWindow()
  // Ways in the tables become longer until each order was replaced, here twice on average.
  for (let events = 0; events < 4 * options.openOrders; events += EVENTS) load.churn(EVENTS)
  const times = Array.from({ length: RUNS }, () => {
    const events = load.prepare(EVENTS)
    const started = cpuMs()
    load.apply(events)
    return cpuMs() - started
  })
  const update = Array.from({ length: RUNS }, () => {
    load.openOnEachLevel()
    const started = cpuMs()
    load.books.update()
    return cpuMs() - started
  })
  const nsPerEvent = Math.round((median(times) * 1e6) / EVENTS)
  return { nsPerEvent, updateOfAllLevelsMs: rounded(median(update)) }
}

/** From no open orders to {@link MANY}: memory at its worst and in the end, and the longest single apply. */
function growth() {
  const before = memory()
  const load = new BookLoad({ ...PLAIN, openOrders: 0 })
  load.open(1000)
  const applied = { ms: 0, over1Ms: 0 }
  let worst = 0
  for (let count = 1000; count < MANY; count++) {
    const started = performance.now()
    load.open(1)
    const took = performance.now() - started
    applied.ms = Math.max(applied.ms, took)
    if (took > 1) applied.over1Ms++
    if (count >= MANY / 4 && count % (MANY / 100) === 0) {
      worst = Math.max(worst, (memory() - before) / count)
    }
  }
  return {
    openOrders: load.books.openOrders,
    bytesPerOpenOrder: rounded((memory() - before) / MANY),
    mostBytesPerOpenOrderFromAQuarterOn: rounded(worst),
    longestApplyMs: rounded(applied.ms),
    appliesOver1Ms: applied.over1Ms,
  }
}

/** Memory after one, two and four million closes beyond full windows, with as many orders open. */
function closes() {
  const load = new BookLoad(PLAIN)
  load.fillWindow()
  const megabytes: number[] = []
  for (const millions of [1, 1, 2]) {
    for (let part = 0; part < millions * 4; part++) load.churn(500_000)
    megabytes.push(rounded(memory() / 2 ** 20))
  }
  return { closes: ['1 M', '2 M', '4 M'], megabytes }
}

/** Of what lies outside of the heap: tables and levels, no texts and no B-trees. */
function memory(): number {
  // One collection may leave the arrays that became free since the last.
  gc!()
  gc!()
  return process.memoryUsage().arrayBuffers
}

function timed(work: () => void): number {
  work()
  const times = Array.from({ length: RUNS }, () => {
    const started = cpuMs()
    work()
    return cpuMs() - started
  })
  return median(times)
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
