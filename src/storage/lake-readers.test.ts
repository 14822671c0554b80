/** Another process that reads the lake with a plain glob, again and again, while it is written and compacted. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { FIRST_ROUND, lakeRound } from '../testing/lake-rounds.js'
import { openLake } from './lake.js'

const ROUNDS = 300
const folder = mkdtempSync(join(tmpdir(), 'depthline-readers-'))
const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

/** Is told how many rounds are written; says how often it looked, and at the first fault what it saw. */
const READER = `
import { DuckDBInstance } from '@duckdb/node-api'
const db = await DuckDBInstance.create(':memory:', { threads: '2' })
const connection = await db.connect()
let rounds = 0
let looks = 0
let again = 0
process.on('message', (message) => {
  if (message === 'end') process.send({ looks, again }, () => process.exit())
  else rounds = message
})
const sql = "SELECT count(*) AS n, count(DISTINCT (poll_at, market)) AS keys FROM read_parquet('" +
  process.argv[1] + "/market_analytics/*/*/*.parquet')"
for (;;) {
  const written = rounds
  try {
    const [[n, keys]] = (await connection.runAndReadAll(sql)).getRows()
    if (n !== keys || n < written * 2) process.send({ fault: n + ' rows, ' + keys + ' keys, ' + written + ' rounds' })
    looks++
  } catch (error) {
    if (!/^IO Error/.test(error.message)) process.send({ fault: error.message })
    again++
  }
  await new Promise(setImmediate)
}
`

test('no reader sees a row missing or twice while thousands of files come and go', async () => {
  const lake = await openLake(folder)
  const faults: string[] = []
  const write = async (n: number) => {
    // Two rounds an hour, so that every second one compacts an hour.
    const round = lakeRound(FIRST_ROUND + n * 1_800_000)
    await lake.write({ ...round, polls: [], depth: [] })
  }
  await write(0)
  const reader = spawn(process.execPath, ['--input-type=module', '-e', READER, folder], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  children.push(reader)
  let end: { looks: number; again: number } | undefined
  reader.on('message', (message: { fault?: string; looks: number; again: number }) => {
    if (message.fault === undefined) end = message
    else faults.push(message.fault)
  })
  for (let n = 1; n < ROUNDS; n++) {
    await write(n)
    reader.send(n + 1)
  }
  await lake.close()
  reader.send('end')
  await once(reader, 'exit')

  expect(faults).toEqual([])
  expect(end!.looks).toBeGreaterThan(5)
}, 120_000)
