/** For a test file: a PostgreSQL for all of its tests, and for each of them a fresh database. */
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { postgresTables } from '../storage/postgres-tables.js'
import { NO_POSTGRES, queryPostgres, startPostgres, type TestPostgres } from './postgres.js'

/** Tests are skipped, and say why, where there is no PostgreSQL. */
export function usePostgres(): TestDatabase {
  const database = new TestDatabase()
  beforeAll(async () => {
    if (NO_POSTGRES === undefined) database.server = await startPostgres()
  })
  beforeEach(async ({ skip }) => {
    skip(NO_POSTGRES !== undefined, NO_POSTGRES)
    database.url = await database.server.makeDatabase()
  })
  afterAll(() => database.server?.stop())
  return database
}

export class TestDatabase {
  server!: TestPostgres
  url!: string

  query<R extends object>(sql: string, values: readonly unknown[] = []): Promise<R[]> {
    return queryPostgres<R>(this.url, sql, values)
  }

  /** Every row of every table as text, and so every digit too. */
  async everything(): Promise<Record<string, string[]>> {
    const tables: Record<string, string[]> = {}
    for (const { name, key } of postgresTables()) {
      const text = `SELECT t::text AS row FROM depthline.${name} t ORDER BY ${key}`
      const rows = await this.query<{ row: string }>(text)
      tables[name] = rows.map(({ row }) => row)
    }
    return tables
  }
}
