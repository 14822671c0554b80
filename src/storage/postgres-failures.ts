/** What an error of PostgreSQL means: wait and try again, or tell a person. */
import { DatabaseError } from 'pg'
import { DepthlineError } from '../errors.js'

/**
 * SQLSTATEs that pass without anybody changing our side: connection, resources, operator,
 * system, deadlock, a lock or a call that took too long, a frozen transaction, and a server
 * that became read-only, as after a failover.
 */
const PASSING = /^(08|40|53|57|58)|^(55P03|25P03|25006)$/
/** A value that its column does not take. */
const BAD_VALUE = /^(22|23)/

/** @returns the same error where it is none of PostgreSQL's */
export function postgresFailed(place: string, error: unknown): unknown {
  if (error instanceof DepthlineError || isBug(error)) return error
  const message = `${place}: ${reasonOf(error)}`
  if (!(error instanceof DatabaseError) || error.code === undefined) {
    return new DepthlineError('POSTGRES_FAILED', message, { retriable: true, cause: error })
  }
  if (BAD_VALUE.test(error.code)) {
    return new DepthlineError('BAD_RECORD', message, { cause: error })
  }
  const retriable = PASSING.test(error.code)
  return new DepthlineError('POSTGRES_FAILED', message, { retriable, cause: error })
}

/** A mistake in this program's own code, which no waiting mends. */
function isBug(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError
}

function reasonOf(error: unknown): string {
  // Several addresses of one name fail together, without a message of their own.
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ')
  if (!(error instanceof Error)) return String(error)
  return error.message || String((error as NodeJS.ErrnoException).code)
}
