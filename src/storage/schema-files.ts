/** The record schemas that come with the program: schemas/<name>.avsc. */
import { readFileSync } from 'node:fs'
import { DepthlineError } from '../errors.js'

export type SchemaName = 'exchange-poll' | 'exchange-depth' | 'market-analytics' | 'order-book'

/**
 * The text of a schema; the same way from `src` and from `dist`.
 *
 * @throws DepthlineError FILE_FAILED
 */
export function schemaText(name: SchemaName): string {
  const file = new URL(`../../schemas/${name}.avsc`, import.meta.url)
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new DepthlineError('FILE_FAILED', `cannot read ${file.pathname}`, { cause })
  }
}
