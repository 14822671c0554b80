/** The schemas that come with the program: of records schemas/<name>.avsc, of PostgreSQL schemas/postgres.sql. */
import { readFileSync } from 'node:fs'
import { DepthlineError } from '../errors.js'

export type SchemaName = 'exchange-poll' | 'exchange-depth' | 'market-analytics' | 'order-book'

/**
 * The text of a schema; the same way from `src` and from `dist`.
 *
 * @throws DepthlineError FILE_FAILED
 */
export function schemaText(name: SchemaName): string {
  return textOf(`${name}.avsc`)
}

/**
 * The SQL that makes what is missing of the tables and views in PostgreSQL.
 *
 * @throws DepthlineError FILE_FAILED
 */
export function postgresLayout(): string {
  return textOf('postgres.sql')
}

function textOf(name: string): string {
  const file = new URL(`../../schemas/${name}`, import.meta.url)
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new DepthlineError('FILE_FAILED', `cannot read ${file.pathname}`, { cause })
  }
}
