/** The tables and views in a real PostgreSQL: made where missing, and never those of another release. */
import { beforeEach, describe, expect, it } from 'vitest'
import { FIRST_ROUND, lakeRound } from '../testing/lake-rounds.js'
import { queryPostgres } from '../testing/postgres.js'
import { usePostgres } from '../testing/postgres-database.js'
import { openPostgres } from './postgres.js'
import { postgresTables } from './postgres-tables.js'

const SILENT = { info: () => {}, warn: () => {} }
const database = usePostgres()
beforeEach(async () => {
  await (await openPostgres(database.url, SILENT)).close()
})

describe('the layout', () => {
  it('has the columns of the record schemas, and says what they mean', async () => {
    for (const { name, columns } of postgresTables()) {
      const found = await database.query(
        `SELECT attname AS name, col_description(attrelid, attnum) AS doc, NOT attnotnull AS "isNullable"
         FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 ORDER BY attname`,
        [`depthline.${name}`],
      )
      const expected = columns.map(({ name, doc, isNullable }) => ({ name, doc, isNullable }))
      expect(found).toEqual(expected.sort((a, b) => (a.name < b.name ? -1 : 1)))
      expect(expected.filter(({ doc }) => doc === '')).toEqual([])
    }
  })

  it('is made again where a table or a view was dropped, and the rest stays', async () => {
    const sink = await openPostgres(database.url, SILENT)
    await sink.write(lakeRound(FIRST_ROUND))
    await sink.close()
    await database.query('DROP VIEW depthline.market_minute_mid')
    await database.query('DROP TABLE depthline.exchange_depth_within')
    await (await openPostgres(database.url, SILENT)).close()
    const { exchange_depth, exchange_depth_within } = await database.everything()
    expect([exchange_depth?.length, exchange_depth_within?.length]).toEqual([4, 0])
    expect(await database.query('SELECT * FROM depthline.market_minute_mid')).toHaveLength(2)
  })

  it('of a newer release is refused', async () => {
    await database.query('UPDATE depthline.schema_version SET version = 2')
    await expect(openPostgres(database.url, SILENT)).rejects.toMatchObject({
      code: 'POSTGRES_SCHEMA',
      exitCode: 4,
      message: expect.stringMatching(/is of version 2, and this depthline writes version 1/),
    })
  })

  it('is made once by two processes that start together', async () => {
    const fresh = await database.server.makeDatabase()
    const sinks = await Promise.all([openPostgres(fresh, SILENT), openPostgres(fresh, SILENT)])
    for (const one of sinks) await one.close()
    expect(await queryPostgres(fresh, 'SELECT * FROM depthline.schema_version')).toHaveLength(1)
  })

  it('needs no right to make tables once it is there', async () => {
    const role = `writer_${new URL(database.url).pathname.slice(1)}`
    await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'p'`)
    await database.query(`GRANT USAGE ON SCHEMA depthline TO ${role}`)
    const writer = Object.assign(new URL(database.url), { username: role, password: 'p' }).href
    await expect(openPostgres(writer, SILENT)).rejects.toMatchObject({
      code: 'POSTGRES_FAILED',
      exitCode: 3,
      retriable: false,
      message: expect.stringContaining('permission denied for table schema_version'),
    })
    const rights = 'SELECT, INSERT, UPDATE, DELETE'
    await database.query(`GRANT ${rights} ON ALL TABLES IN SCHEMA depthline TO ${role}`)
    const other = await openPostgres(writer, SILENT)
    await other.write(lakeRound(FIRST_ROUND))
    await other.close()
    expect((await database.everything()).exchange_depth).toHaveLength(4)
    await database.query(`DROP OWNED BY ${role}`)
    await database.query(`DROP ROLE ${role}`)
  })
})
