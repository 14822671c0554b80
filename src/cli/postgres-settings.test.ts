/** Which URLs of PostgreSQL are taken, and that a refusal shows nothing of them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openPostgres } from '../storage/postgres.js'
import { postgresUrl } from './postgres-settings.js'

const folder = mkdtempSync(join(tmpdir(), 'depthline-postgres-url-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('the URL of PostgreSQL', () => {
  it('is none where neither variable is set', () => {
    expect(postgresUrl({ DEPTHLINE_POSTGRES_URL: '' })).toBeUndefined()
  })

  it.each([
    'postgres://host/db',
    'postgresql://me:p%40ss%23@host:5433/db?sslmode=verify-full',
    'postgresql://me@[::1]/db',
    'postgresql:///db?host=/var/run/postgresql',
  ])('may be %s', (url) => {
    expect(postgresUrl({ DEPTHLINE_POSTGRES_URL: url })).toBe(url)
  })

  it('comes from a file, without the line end, before the variable', () => {
    const file = join(folder, 'url')
    writeFileSync(file, 'postgresql://me@host/db\n')
    const env = { DEPTHLINE_POSTGRES_URL_FILE: file, DEPTHLINE_POSTGRES_URL: 'ignored' }
    expect(postgresUrl(env)).toBe('postgresql://me@host/db')
  })

  it.each([
    'host/db',
    'mysql://me:secret@host/db',
    'postgresql://me:secret@host:port/db',
    'postgresql://me:1#secret@host/db',
    'postgresql://me:1/secret@host/db',
    'postgresql://me:1?secret@host/db',
  ])('is refused where it is %s, without a word of it', (url) => {
    const refusal = () => postgresUrl({ DEPTHLINE_POSTGRES_URL: url })
    expect(refusal).toThrow('DEPTHLINE_POSTGRES_URL: expected postgresql://user:password@host:port')
    expect(refusal).not.toThrow(/secret|me:|mysql/)
  })

  it('is refused with the file of a certificate that cannot be read', async () => {
    const url = 'postgresql://me:secret@host/db?sslmode=verify-full&sslrootcert=/none.crt'
    await expect(openPostgres(url, { info: () => {}, warn: () => {} })).rejects.toMatchObject({
      code: 'USAGE',
      message: 'DEPTHLINE_POSTGRES_URL: cannot read /none.crt',
    })
  })
})
