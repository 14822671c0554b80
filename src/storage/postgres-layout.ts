/** The schema `depthline` in PostgreSQL: made where it is missing, refused where a newer release made it. */
import { type ClientBase, escapeLiteral } from 'pg'
import { DepthlineError } from '../errors.js'
import { postgresTables } from './postgres-tables.js'
import { postgresLayout } from './schema-files.js'

/** A later release that changes tables counts up, and brings the ones of this version there first. */
const VERSION = 1

const OTHERS = ['schema_version', 'writer', 'market_minute_mid', 'market_minute_best']

/**
 * Inside a transaction that nobody else has at the time. Where nothing is missing it only
 * reads, so that who runs `analyse` may be somebody without the right to make tables.
 *
 * @throws DepthlineError POSTGRES_SCHEMA where the tables are not those of this release
 */
export async function ensureLayout(client: ClientBase): Promise<void> {
  const encoding = await client.query<{ server_encoding: string }>('SHOW server_encoding')
  const { server_encoding: found } = encoding.rows[0]!
  if (found !== 'UTF8') {
    const message = `the database has the encoding ${found}, and must have UTF8`
    throw new DepthlineError('POSTGRES_SCHEMA', message)
  }
  const missing = await missingOf(client, [...postgresTables().map(({ name }) => name), ...OTHERS])
  const isNew = missing.includes('schema_version')
  if (!isNew) await assertVersion(client)
  if (missing.length === 0) return
  const { rows } = await client.query("SELECT to_regnamespace('depthline') AS schema")
  // Even where it exists, CREATE SCHEMA IF NOT EXISTS needs the right to make one.
  if (rows[0].schema === null) await client.query('CREATE SCHEMA depthline')
  await client.query(postgresLayout())
  await client.query(commentsOn(missing))
  if (isNew) await client.query('INSERT INTO depthline.schema_version VALUES ($1)', [VERSION])
}

async function assertVersion(client: ClientBase): Promise<void> {
  const text = 'SELECT max(version) AS version FROM depthline.schema_version'
  const { version } = (await client.query<{ version: number | null }>(text)).rows[0]!
  if (version === VERSION) return
  const what =
    version === null
      ? 'has no version'
      : `is of version ${version}, and this depthline writes version ${VERSION}: use the release that made it, or a newer one`
  throw new DepthlineError('POSTGRES_SCHEMA', `the schema depthline in the database ${what}`)
}

async function missingOf(client: ClientBase, names: readonly string[]): Promise<string[]> {
  const text =
    "SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass('depthline.' || name) IS NULL"
  const { rows } = await client.query<{ name: string }>(text, [names])
  return rows.map(({ name }) => name)
}

/** What the record schemas say of each column, for people who look at the tables alone. */
function commentsOn(tables: readonly string[]): string {
  const statements = postgresTables()
    .filter(({ name }) => tables.includes(name))
    .flatMap(({ name: table, columns }) =>
      columns.map(({ name, doc }) => {
        return `COMMENT ON COLUMN depthline.${table}.${name} IS ${escapeLiteral(doc)};`
      }),
    )
  return statements.join('\n')
}
