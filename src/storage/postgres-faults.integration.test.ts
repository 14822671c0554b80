/** A PostgreSQL that is away, refuses, is silent or is killed: what comes of a round, and what is said. */
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { DepthlineError } from '../errors.js'
import { FIRST_ROUND, lakeRound, lakeRounds } from '../testing/lake-rounds.js'
import { CAN_KILL_POSTGRES } from '../testing/postgres.js'
import { usePostgres } from '../testing/postgres-database.js'
import { SilentProxy } from '../testing/silent-proxy.js'
import { openPostgres } from './postgres.js'

const database = usePostgres()
const FIRST_OF_ALL = { job: 'market-analytics', lineage: 'a', sequence: 1 }

/** What is logged, as it is written. */
class Lines {
  readonly lines: string[] = []
  info = (fields: object, message: string) =>
    void this.lines.push(JSON.stringify([message, fields]))
  warn = this.info

  async until(text: string): Promise<void> {
    while (!this.lines.some((line) => line.includes(text))) await sleep(20)
  }
}

function addressed(change: Partial<URL>): string {
  return Object.assign(new URL(database.url), change).href
}

/** The failure of a start, which must tell where but never the password. */
async function failure(url: string): Promise<DepthlineError> {
  const error = await openPostgres(url, new Lines()).catch((error) => error)
  expect(error).toBeInstanceOf(DepthlineError)
  expect(error.message).toContain(`PostgreSQL at ${new URL(url).host}: `)
  expect(error.message).not.toContain(decodeURIComponent(new URL(url).password))
  expect(error.message).not.toContain(new URL(url).password)
  return error
}

describe('a start', () => {
  it('ends with 3 where nobody listens', async () => {
    const { code, exitCode, message } = await failure(addressed({ port: '1' }))
    expect({ code, exitCode }).toEqual({ code: 'POSTGRES_FAILED', exitCode: 3 })
    expect(message).toContain('ECONNREFUSED')
  })

  it('ends with 3 where the password, the user or the database is wrong', async () => {
    for (const [change, reason] of [
      [{ password: 'hunter2' }, 'password authentication failed'],
      [{ username: 'nobody' }, 'password authentication failed'],
      [{ pathname: 'nowhere' }, 'database "nowhere" does not exist'],
    ] as const) {
      const { exitCode, retriable, message } = await failure(addressed(change))
      expect({ exitCode, retriable }).toEqual({ exitCode: 3, retriable: false })
      expect(message).toContain(reason)
    }
  })

  it('ends with 3 in time where somebody listens and never answers', async () => {
    const silent = createServer(() => {})
    await once(silent.listen(0, '127.0.0.1'), 'listening')
    const { port } = silent.address() as AddressInfo
    const start = Date.now()
    const { exitCode, message } = await failure(
      addressed({ hostname: '127.0.0.1', port: String(port) }),
    )
    silent.close()
    expect({ exitCode, isInTime: Date.now() - start < 7_000 }).toEqual({
      exitCode: 3,
      isInTime: true,
    })
    expect(message).toContain('timeout')
  })
})

describe('a running sink', () => {
  it.runIf(CAN_KILL_POSTGRES)(
    'waits for a server that was killed with -9, and loses and doubles nothing',
    async () => {
      const log = new Lines()
      const sink = await openPostgres(database.url, log)
      const rounds = lakeRounds(60)
      let written = 0
      const work = (async () => {
        for (const round of rounds) {
          await sink.write(round, FIRST_OF_ALL)
          written++
        }
      })()
      for (const at of [10, 25, 40]) {
        while (written < at) await sleep(1)
        await database.server.kill()
        await log.until('waiting for PostgreSQL')
        log.lines.length = 0
        await sleep(500)
        await database.server.restart()
        await log.until('written after all')
      }
      await work
      const found = await database.everything()
      for (const round of rounds) await sink.write(round, FIRST_OF_ALL)
      expect(await database.everything()).toEqual(found)
      expect(found.exchange_fill).toHaveLength(60 * 4 * 4)
      expect(found.consolidated_fill).toHaveLength(60 * 2)
      await sink.close()
    },
  )

  it('is not kept out by a process that froze in the middle of a round, which then is too late', async () => {
    const { hostname: host, port } = new URL(database.url)
    const proxy = await SilentProxy.open({ host, port: Number(port) })
    const log = new Lines()
    const frozen = await openPostgres(
      addressed({ hostname: '127.0.0.1', port: `${proxy.port}` }),
      log,
    )
    const other = await openPostgres(database.url, new Lines())
    const round = lakeRound(FIRST_ROUND)
    proxy.fallSilentAt('INSERT INTO depthline.exchange_fill')
    const late = frozen.write({ ...round, analytics: [] }, FIRST_OF_ALL).catch((error) => error)
    while (!proxy.isSilent) await sleep(5)
    await other.write(round, { ...FIRST_OF_ALL, sequence: 2 })
    const before = await database.everything()
    proxy.serveAgain()
    expect(await late).toMatchObject({ code: 'FENCED' })
    expect(log.lines).toEqual([expect.stringContaining('Query read timeout')])
    expect(await database.everything()).toEqual(before)
    expect(before.market_analytics).toHaveLength(2)
    await frozen.close()
    await other.close()
    proxy.close()
  }, 60_000)

  it.runIf(CAN_KILL_POSTGRES)('ends at once where it is closed while it waits', async () => {
    const log = new Lines()
    const sink = await openPostgres(database.url, log)
    await database.server.kill()
    // What serves a connection may outlive the server that was killed for a moment, and take a round.
    const writing = async () => {
      for (;;) await sink.write(lakeRound(FIRST_ROUND))
    }
    const round = writing().catch((error) => error)
    await log.until('waiting for PostgreSQL')
    const start = Date.now()
    await sink.close()
    expect(await round).toMatchObject({ code: 'STOPPED' })
    expect(Date.now() - start).toBeLessThan(1_500)
    expect(log.lines.join()).not.toContain(decodeURIComponent(new URL(database.url).password))
    await database.server.restart()
  })

  it('connects anew where the server has ended the connection between two rounds', async () => {
    const log = new Lines()
    const sink = await openPostgres(database.url, log)
    await sink.write(lakeRound(FIRST_ROUND))
    await database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    )
    await sleep(100)
    await sink.write(lakeRound(FIRST_ROUND + 60_000))
    expect(log.lines).toEqual([])
    await sink.close()
  })

  it('ends with what the server says where waiting does not help', async () => {
    const sink = await openPostgres(database.url, new Lines())
    await database.query('DROP TABLE depthline.exchange_fill')
    await expect(sink.write(lakeRound(FIRST_ROUND))).rejects.toMatchObject({
      code: 'POSTGRES_FAILED',
      retriable: false,
      message: expect.stringContaining('relation "depthline.exchange_fill" does not exist'),
    })
    await sink.close()
  })
})
