/** Files appear whole or not at all. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fileOutput } from './output.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'depthline-output-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('a file', () => {
  it('has its name only once it is finished', async () => {
    const path = join(folder, 'out.json')
    const output = await fileOutput(path)
    await output.write('[')
    await output.write(']')
    expect(existsSync(path)).toBe(false)
    await output.finish()
    expect(readFileSync(path, 'utf8')).toBe('[]')
    expect(readdirSync(folder)).toEqual(['out.json'])
  })

  it('leaves nothing where it is discarded, and an older file as it was', async () => {
    const path = join(folder, 'out.json')
    writeFileSync(path, 'older')
    const output = await fileOutput(path)
    await output.write('half of the new')
    await output.discard()
    expect(readdirSync(folder)).toEqual(['out.json'])
    expect(readFileSync(path, 'utf8')).toBe('older')
  })

  it('takes more than its buffer holds', async () => {
    const path = join(folder, 'out.json')
    const output = await fileOutput(path)
    for (let piece = 0; piece < 100; piece++) await output.write('x'.repeat(100_000))
    await output.finish()
    expect(readFileSync(path).length).toBe(10_000_000)
  })

  it('says which file cannot be written, and why', async () => {
    await expect(fileOutput(join(folder, 'no', 'such', 'folder'))).rejects.toMatchObject({
      code: 'FILE_FAILED',
      message: expect.stringMatching(/cannot write .*no\/such\/folder: ENOENT/),
    })
    writeFileSync(join(folder, 'file'), '')
    await expect(fileOutput(join(folder, 'file', 'below'))).rejects.toThrow(/ENOTDIR/)
  })
})
