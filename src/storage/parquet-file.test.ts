import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Duck } from './duck.js'
import { openParquetFile } from './parquet-file.js'

const folder = mkdtempSync(join(tmpdir(), 'depthline-parquet-'))
afterAll(() => rmSync(folder, { recursive: true }))

const TICK = {
  symbol: 'BTC-USDT',
  side: 'buy_1',
  price: '34045.24',
  amount: '6.5137',
  total: '221760.479788',
  cum_sum: '1234567890123456789012345678901234567890.5',
}

test('a file grows by parts, keeps their order, and memory does not grow with it', async () => {
  const path = join(folder, 'large.parquet')
  const file = await openParquetFile(path)
  let highest = 0
  for (let tick = 0; tick < 120; tick++) {
    const rows = Array.from({ length: 1000 }, () => ({ tick: tick * 1000, ...TICK }))
    await file.add(undefined, rows, 150_000)
    if (tick > 60) highest = Math.max(highest, process.memoryUsage().heapUsed)
  }
  await file.finish()
  file.close()

  expect(highest).toBeLessThan(400e6)
  expect(readdirSync(folder)).toEqual(['large.parquet'])
  const duck = await Duck.open()
  const [row] = await duck.rows(
    `SELECT count(*) AS rows, max(cum_sum) AS none, min(cum_sum_text) AS whole, sum(total)::VARCHAR AS total,
       bool_and(tick >= before) AS sorted
     FROM (SELECT *, lag(tick, 1, tick) OVER () AS before FROM read_parquet('${path}'))`,
  )
  duck.close()
  expect(row).toEqual({
    rows: 120_000n,
    none: null,
    whole: TICK.cum_sum,
    total: '26611257574.560000000000000000',
    sorted: true,
  })
})

test('a file that is given up leaves nothing behind', async () => {
  const file = await openParquetFile(join(folder, 'given-up.parquet'))
  await file.add(undefined, [{ tick: 0, ...TICK }], 100)
  file.discard()
  file.close()
  expect(readdirSync(folder)).toEqual(['large.parquet'])
})

test('a folder that is not there is an error that names the file', async () => {
  await expect(openParquetFile('/proc/none/x.parquet')).rejects.toMatchObject({
    code: 'FILE_FAILED',
    message: expect.stringContaining('/proc/none/x.parquet'),
  })
})
