/** `depthline analyse` where PostgreSQL does not take it: the exit code, and a message without the password. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { openPostgres } from '../storage/postgres.js'
import { killLeftovers, runCli } from '../testing/cli.js'
import { usePostgres } from '../testing/postgres-database.js'
import { uniqueName } from '../testing/topics.js'

const database = usePostgres()
const folder = mkdtempSync(join(tmpdir(), 'depthline-analyse-'))
afterEach(killLeftovers)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a start with a PostgreSQL that does not take it', () => {
  /** The failure of a start with that URL in the environment itself. */
  async function refused(url: string) {
    const env = { DEPTHLINE_DATA: folder, DEPTHLINE_POSTGRES_URL: url }
    const [input, depth, analytics] = ['books', 'depth', 'analytics'].map(uniqueName)
    const topics = ['--input', input!, '--depth', depth!, '--analytics', analytics!]
    const { code, stderr, stdout } = await runCli(['analyse', ...topics], { env })
    expect(stdout).toBe('')
    expect(stderr).not.toMatch(/\n\s+at /)
    expect(stderr).not.toContain('secret')
    return { code, stderr }
  }

  it('ends with 3 and names host and port, where nobody listens or the password is wrong', async () => {
    const closed = await refused('postgresql://me:secret@127.0.0.1:1/db')
    expect(closed.code).toBe(3)
    expect(closed.stderr).toContain('PostgreSQL at 127.0.0.1:1: connect ECONNREFUSED')
    const wrong = Object.assign(new URL(database.url), { password: 'secret' })
    const { code, stderr } = await refused(wrong.href)
    expect(code).toBe(3)
    expect(stderr).toContain(`PostgreSQL at ${wrong.host}: password authentication failed`)
  })

  it('ends with 2 where the URL is none, and does not repeat it', async () => {
    for (const url of [
      'me:secret@host/db',
      'https://me:secret@host',
      'postgresql://me:secret@host:x/d',
    ]) {
      const { code, stderr } = await refused(url)
      expect({ url, code }).toEqual({ url, code: 2 })
      expect(stderr).toContain('DEPTHLINE_POSTGRES_URL: expected postgresql://')
    }
  })

  it('ends with 2 where the file with the URL cannot be read, and names it', async () => {
    const env = { DEPTHLINE_DATA: folder, DEPTHLINE_POSTGRES_URL_FILE: join(folder, 'none') }
    const { code, stderr } = await runCli(['analyse', '--from-lake'], { env })
    expect(code).toBe(2)
    expect(stderr).toContain(`DEPTHLINE_POSTGRES_URL_FILE: cannot read ${join(folder, 'none')}`)
  })

  it('ends with 4 where the tables are those of a newer release', async () => {
    await (await openPostgres(database.url, { info: () => {}, warn: () => {} })).close()
    await database.query('UPDATE depthline.schema_version SET version = 99')
    const newer = await refused(database.url)
    expect(newer.code).toBe(4)
    expect(newer.stderr).toContain('is of version 99, and this depthline writes version 1')
  })
})
