/** Ten million open orders: written to a file while events go on, and loaded in a fresh process. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { DEFAULT_LIMITS, OrderBooks } from '../src/book/order-books.js'
import { emptyOrderEvent, type OrderEvent } from '../src/book/order-event.js'
import { openSnapshotFiles } from '../src/storage/snapshot-files.js'
import { Random } from '../src/testing/random.js'
import { SnapshotEncoder } from '../src/wire/snapshot-encoder.js'
import { loadSnapshot, readSnapshotMeta } from '../src/wire/snapshot-reader.js'
import { report } from './report.js'

const ORDERS = Number(process.env.ORDERS ?? 10_000_000)
const SYMBOLS = Array.from({ length: 100 }, (_, index) => `S${index}-USDT`)
const PRICES = 1000
/** Events that are applied between two chunks: half of them open an order, half close one. */
const EVENTS_PER_CHUNK = 100
const PARTITIONS = 4

const [role, folder = ''] = process.argv.slice(2)
if (role === 'write') process.send!(await write())
else if (role === 'load') process.send!(await load())
else await measure()

async function measure(): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'depthline-snapshot-'))
  try {
    const written = await inProcess('write', scratch)
    const loaded = await inProcess('load', scratch)
    const method = `${SYMBOLS.length} symbols, ${PRICES} prices a side, each step in a process of its own; ${EVENTS_PER_CHUNK} events applied after each chunk`
    report('snapshot', method, { openOrders: ORDERS, written, loaded })
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

async function inProcess(name: string, scratch: string): Promise<unknown> {
  const [result] = await once(fork(import.meta.filename, [name, scratch]), 'message')
  return result
}

async function write() {
  const books = new OrderBooks(DEFAULT_LIMITS, 12345)
  const random = new Random(1)
  const event = emptyOrderEvent()
  for (let id = 0; id < ORDERS; id++) books.apply(opened(event, id, random), id % PARTITIONS)
  books.update()
  const residentBefore = resident('VmRSS')
  const started = performance.now()
  const draft = await openSnapshotFiles(folder).create()
  const encoder = new SnapshotEncoder(books)
  const pausesMs: number[] = []
  let next = ORDERS
  for (;;) {
    const before = performance.now()
    const bytes = encoder.next()
    pausesMs.push(performance.now() - before)
    if (bytes === undefined) break
    await draft.write(bytes)
    for (let count = 0; count < EVENTS_PER_CHUNK; count += 2, next++) {
      books.apply(opened(event, next, random), next % PARTITIONS)
      // Ids go to their partition by number, so the close has to come from there too.
      const id = random.below(next)
      event.open = false
      event.orderId = id
      books.apply(event, id % PARTITIONS)
    }
    await turn()
  }
  const before = performance.now()
  const rest = encoder.finish(meta(books))
  const finishMs = performance.now() - before
  for (const bytes of rest) await draft.write(bytes)
  await draft.publish(1)
  const seconds = (performance.now() - started) / 1000
  pausesMs.sort((a, b) => b - a)
  return {
    seconds: rounded(seconds),
    bytes: statSync(join(folder, '1.snapshot')).size,
    chunks: pausesMs.length,
    longestPauseMs: rounded(pausesMs[0]!),
    p99PauseMs: rounded(pausesMs[Math.floor(pausesMs.length / 100)]!),
    medianPauseMs: rounded(pausesMs[pausesMs.length >>> 1]!),
    finishMs: rounded(finishMs),
    residentMbBefore: residentBefore,
    peakMb: resident('VmHWM'),
  }
}

async function load() {
  const [snapshot] = await openSnapshotFiles(folder).list()
  const started = performance.now()
  const { openOrders } = await readSnapshotMeta(snapshot!.read())
  const verifySeconds = (performance.now() - started) / 1000
  const books = new OrderBooks(DEFAULT_LIMITS, 54321)
  await loadSnapshot(snapshot!.read(), books)
  const seconds = (performance.now() - started) / 1000
  if (books.openOrders !== openOrders) throw new Error('not all orders came back')
  return {
    seconds: rounded(seconds),
    verifySeconds: rounded(verifySeconds),
    // Of the whole process, so that it can be told whether others had the machine.
    cpuSeconds: rounded((process.cpuUsage().user + process.cpuUsage().system) / 1e6),
    peakMb: resident('VmHWM'),
  }
}

function opened(event: OrderEvent, id: number, random: Random): OrderEvent {
  const number = random.below(SYMBOLS.length)
  event.open = true
  event.orderId = id
  event.symbol = SYMBOLS[number]!
  event.side = random.chance(0.5) ? 0 : 1
  event.price.low = 1_000_000 + random.below(PRICES) + event.side * PRICES
  event.price.scale = 2
  event.size.low = 1 + random.below(1_000_000)
  event.size.scale = 5
  return event
}

function meta(books: OrderBooks) {
  return {
    ...{
      job: 'bench',
      lineage: 'bench',
      topic: 'orders',
      tick: 1,
      offsets: [],
      lastRecords: [],
      counts: {},
    },
    ...{ isIncomplete: false, closedWindow: books.state.closedWindow, version: '0' },
  }
}

/** Linux only, as the benchmark machine is. */
function resident(field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync('/proc/self/status', 'utf8')
  return Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024)
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
