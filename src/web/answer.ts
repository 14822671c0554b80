/** What a request gets: an answer, or a refusal that says what was wrong and where. */
import type { Table } from './ports.js'

export interface Answer {
  /** Becomes JSON; every decimal in it is text. */
  readonly body: unknown
  /** The same as rows, where it can be had as CSV. */
  readonly table?: () => Table
}

/** HTTP status → the name that the body of an error carries. */
export const ERROR_NAMES = {
  400: 'bad_request',
  404: 'not_found',
  405: 'method_not_allowed',
  408: 'request_timeout',
  414: 'uri_too_long',
  421: 'misdirected_request',
  429: 'too_many_requests',
  431: 'headers_too_large',
  500: 'internal_error',
  503: 'not_ready',
} as const
export type ErrorStatus = keyof typeof ERROR_NAMES

export interface Refusal {
  readonly status: ErrorStatus
  readonly message: string
}

export function refusal(status: ErrorStatus, message: string): Refusal {
  return { status, message }
}

export function isRefusal(value: Answer | Refusal): value is Refusal {
  return 'status' in value
}

/** The body of every error. */
export function errorBody({ status, message }: Refusal): { error: string; message: string } {
  return { error: ERROR_NAMES[status], message }
}
