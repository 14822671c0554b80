/** The lake with its process ending before each step that it takes on the disk. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { FIRST_ROUND, lakeRound, treeOf } from '../testing/lake-rounds.js'
import { Random } from '../testing/random.js'
import { Duck } from './duck.js'
import { type LakeRound, openLake } from './lake.js'

/** After so many more steps on the disk all others fail, as they do not happen in a dead process. */
const life = vi.hoisted(() => ({ steps: Number.POSITIVE_INFINITY }))
vi.mock('node:fs/promises', async (load) => {
  const real = await load<Record<string, (...args: unknown[]) => unknown>>()
  const mortal = ['mkdir', 'open', 'rename', 'rm', 'symlink']
  const step = (name: string) =>
    [
      name,
      async (...args: unknown[]) => {
        if (life.steps-- <= 0) throw new Error('killed')
        return real[name]!(...args)
      },
    ] as const
  return { ...real, ...Object.fromEntries(mortal.map(step)) }
})

const root = mkdtempSync(join(tmpdir(), 'depthline-kills-'))
afterAll(() => rmSync(root, { recursive: true }))

/** Rounds 20 minutes apart, so that hours are compacted, and one of them late. */
const inOrder = Array.from({ length: 12 }, (_, n) => lakeRound(FIRST_ROUND + n * 1_200_000))
const rounds = [...inOrder.slice(0, 2), ...inOrder.slice(3), inOrder[2]!]

async function write(folder: string, some: readonly LakeRound[]): Promise<void> {
  const lake = await openLake(folder, { keptMs: 0 })
  try {
    for (const round of some) await lake.write(round)
  } finally {
    await lake.close()
  }
}

/** How many steps it took until the end, or until `steps` were taken. */
async function writeMortally(folder: string, some: readonly LakeRound[], steps: number) {
  life.steps = steps
  await write(folder, some).catch((error) => {
    if (!String(error).includes('killed')) throw error
  })
  const taken = steps - life.steps
  life.steps = Number.POSITIVE_INFINITY
  return taken
}

/** Writes the same rounds in a process of its own, after a line that says that it begins. */
const WRITER = `
import { openLake } from '${join(import.meta.dirname, 'lake.ts')}'
import { FIRST_ROUND, lakeRound } from '${join(import.meta.dirname, '../testing/lake-rounds.ts')}'
const inOrder = Array.from({ length: 12 }, (_, n) => lakeRound(FIRST_ROUND + n * 1_200_000))
const lake = await openLake(process.env.FOLDER, { keptMs: 0 })
process.stdout.write('begins')
for (const round of [...inOrder.slice(0, 2), ...inOrder.slice(3), inOrder[2]]) await lake.write(round)
await lake.close()
`

/** What is there once in each table. */
const KEYS = {
  exchange_polls: '(round_at, position)',
  exchange_depth: '(poll_at, exchange, market)',
  market_analytics: '(poll_at, market)',
}

/** How many raw records a reader with a plain glob sees; no row of any table twice. */
async function recordsSeen(folder: string): Promise<number> {
  const duck = await Duck.open()
  let seen = 0
  for (const [table, key] of Object.entries(KEYS)) {
    const sql = `SELECT count(*) AS n, count(DISTINCT ${key}) AS keys FROM read_parquet('${folder}/${table}/*/*/*.parquet')`
    // There may be no file yet.
    const [{ n, keys } = { n: 0n, keys: 1n }] = await duck
      .rows(sql)
      .catch(() => [{ n: 0n, keys: 0n }] as const)
    expect(n).toBe(keys)
    seen ||= Number(n)
  }
  duck.close()
  return seen
}

describe('a lake whose writer ends between any two steps', () => {
  test('shows no row twice, and is the same in the end as if nothing had happened', async () => {
    const untouched = join(root, 'untouched')
    const all = await writeMortally(untouched, rounds, 1e9)
    const expected = treeOf(untouched)
    for (let steps = 1; steps < all; steps += 23) {
      const folder = join(root, `${steps}`)
      await writeMortally(folder, rounds, steps)
      await recordsSeen(folder)
      await write(folder, rounds)
      expect(treeOf(folder)).toEqual(expected)
      rmSync(folder, { recursive: true })
    }
  }, 240_000)

  test('loses no round that was written, however often it ends', async () => {
    const random = new Random(7)
    const folder = join(root, 'often')
    const untouched = join(root, 'plain')
    await write(untouched, rounds)
    let next = 0
    while (next < rounds.length) {
      const lake = await openLake(folder, { keptMs: 0 })
      life.steps = random.below(120)
      try {
        while (next < rounds.length) {
          await lake.write(rounds[next]!)
          next++
        }
        await lake.close()
      } catch (error) {
        expect(String(error)).toContain('killed')
      }
      await lake.close().catch(() => {})
      life.steps = Number.POSITIVE_INFINITY
      expect(await recordsSeen(folder)).toBeGreaterThanOrEqual(next * 6)
    }
    await write(folder, rounds.slice(-1))
    expect(treeOf(folder)).toEqual(treeOf(untouched))
  })

  test('is the same too where the process is really killed, at any moment', async () => {
    const random = new Random(11)
    const folder = join(root, 'killed')
    const untouched = join(root, 'never-killed')
    await write(untouched, rounds)
    for (let kills = 0; kills < 12; kills++) {
      const writer = spawn(
        process.execPath,
        ['--import', 'tsx', '--input-type=module', '-e', WRITER],
        {
          env: { ...process.env, FOLDER: folder },
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      )
      await once(writer.stdout, 'data')
      await new Promise((resolve) => setTimeout(resolve, random.below(900)))
      writer.kill('SIGKILL')
      if (writer.exitCode === null && writer.signalCode === null) await once(writer, 'exit')
      await recordsSeen(folder)
    }
    await write(folder, rounds)
    expect(treeOf(folder)).toEqual(treeOf(untouched))
  }, 120_000)
})
