import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SnapshotStore } from '../jobs/ports.js'
import { openSnapshotFiles } from './snapshot-files.js'

let scratch = ''
let folder = ''
let store: SnapshotStore

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'depthline-snapshots-'))
  folder = join(scratch, 'not', 'yet')
  store = openSnapshotFiles(folder)
})

afterEach(() => rmSync(scratch, { recursive: true }))

const bytesOf = (text: string) => new TextEncoder().encode(text)

async function publish(tick: number, text = `of ${tick}`, to = store): Promise<void> {
  const draft = await to.create()
  for (const char of text) await draft.write(bytesOf(char))
  await draft.publish(tick)
}

async function contents(of = store): Promise<[tick: number, text: string][]> {
  const found: [number, string][] = []
  for (const { tick, read } of await of.list()) {
    const parts: Uint8Array[] = []
    for await (const piece of read()) parts.push(piece)
    found.push([tick, Buffer.concat(parts).toString()])
  }
  return found
}

describe('a folder of snapshots', () => {
  test('is made when it is needed, and empty before', async () => {
    expect(await store.list()).toEqual([])
    expect(existsSync(folder)).toBe(false)
    await publish(7)
    expect(await contents()).toEqual([[7, 'of 7']])
  })

  test('keeps the two newest, by number and not by text', async () => {
    for (const tick of [9, 10, 8, 11]) await publish(tick)
    expect(await contents()).toEqual([
      [11, 'of 11'],
      [10, 'of 10'],
    ])
    expect(readdirSync(folder).toSorted()).toEqual(['10.snapshot', '11.snapshot'])
  })

  test('says so where the folder can never be made', async () => {
    await expect(openSnapshotFiles('/proc/nowhere/deep').create()).rejects.toMatchObject({
      code: 'FILE_FAILED',
    })
  })

  test('shows nothing of one that is not published, or was discarded', async () => {
    await publish(1)
    const crashed = await store.create()
    await crashed.write(bytesOf('half'))
    expect(await contents()).toEqual([[1, 'of 1']])
    const given = await store.create()
    await given.discard()
    await given.discard()
    await crashed.discard()
    expect(readdirSync(folder)).toEqual(['1.snapshot'])
  })

  test('is cleared of what a dead process left, and not of what another one writes', async () => {
    await publish(1)
    writeFileSync(join(folder, 'dead.partial'), 'half')
    utimesSync(join(folder, 'dead.partial'), new Date(0), new Date(0))
    const other = await openSnapshotFiles(folder).create()
    await publish(2)
    expect(existsSync(join(folder, 'dead.partial'))).toBe(false)
    await other.write(bytesOf('late'))
    await other.publish(2)
    expect(await contents()).toEqual([
      [2, 'late'],
      [1, 'of 1'],
    ])
  })

  test('does not lose the newest to a process that is late', async () => {
    const fenced = await openSnapshotFiles(folder).create()
    await publish(5)
    await publish(6)
    await fenced.publish(4)
    expect((await contents()).map(([tick]) => tick)).toEqual([6, 5, 4])
    await publish(7)
    expect((await contents()).map(([tick]) => tick)).toEqual([7, 6])
  })

  test('leaves what is no snapshot alone', async () => {
    await publish(1)
    for (const name of ['notes.txt', 'x.snapshot', '-1.snapshot']) {
      writeFileSync(join(folder, name), '')
    }
    for (const tick of [2, 3]) await publish(tick)
    expect((await contents()).map(([tick]) => tick)).toEqual([3, 2])
    expect(readdirSync(folder)).toHaveLength(5)
  })

  test('can be read again while a newer one takes its place', async () => {
    await publish(1, 'x'.repeat(10))
    const [first] = await store.list()
    const pieces = first!.read()[Symbol.asyncIterator]()
    expect((await pieces.next()).value).toHaveLength(10)
    for (const tick of [2, 3]) await publish(tick)
    expect((await pieces.next()).done).toBe(true)
    const again = first!.read()[Symbol.asyncIterator]()
    await expect(again.next()).rejects.toMatchObject({ code: 'FILE_FAILED' })
  })

  test('names the path where a file stands in its place', async () => {
    writeFileSync(join(scratch, 'not'), '')
    const failure = { code: 'FILE_FAILED', message: expect.stringContaining(folder) }
    await expect(store.create()).rejects.toMatchObject(failure)
    await expect(store.list()).rejects.toMatchObject(failure)
  })
})

describe('on a disk of 64 KiB', () => {
  let disk = ''

  test('that is full, the older snapshot is left', async (context) => {
    if (!mount()) return context.skip('mounting is not permitted here')
    try {
      const onDisk = openSnapshotFiles(disk)
      await publish(1, 'old', onDisk)
      const draft = await onDisk.create()
      const writing = draft.write(new Uint8Array(100_000))
      const failure = { code: 'FILE_FAILED', message: expect.stringMatching(/partial: ENOSPC/) }
      await expect(writing).rejects.toMatchObject(failure)
      await draft.discard()
      expect(readdirSync(disk)).toEqual(['1.snapshot'])
      expect(await contents(onDisk)).toEqual([[1, 'old']])
    } finally {
      execFileSync('umount', [disk])
    }
  })

  test('that is read-only, the older snapshot is left', async (context) => {
    if (!mount()) return context.skip('mounting is not permitted here')
    try {
      const onDisk = openSnapshotFiles(disk)
      await publish(1, 'old', onDisk)
      execFileSync('mount', ['-o', 'remount,ro', disk])
      const failure = { code: 'FILE_FAILED', message: expect.stringContaining('EROFS') }
      await expect(onDisk.create()).rejects.toMatchObject(failure)
      expect(await contents(onDisk)).toEqual([[1, 'old']])
    } finally {
      execFileSync('umount', [disk])
    }
  })

  function mount(): boolean {
    disk = mkdtempSync(join(scratch, 'disk-'))
    try {
      const flags = ['-t', 'tmpfs', '-o', 'size=64k', 'none', disk]
      execFileSync('mount', flags, { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  }
})
