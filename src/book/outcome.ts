/** What became of an event that was applied to the books: README has the table. */

/** Small integers, because one is counted for every event. */
export const Outcome = {
  opened: 0,
  amended: 1,
  /** An OPEN from a higher partition took the place of the open one. */
  supersedes: 2,
  closed: 3,
  close_before_open: 4,
  closed_on_arrival: 5,
  duplicate_open: 6,
  superseded: 7,
  duplicate_close: 8,
  symbol_changed: 9,
  order_already_closed: 10,
} as const

export type Outcome = (typeof Outcome)[keyof typeof Outcome]
export type OutcomeName = keyof typeof Outcome

export const OUTCOME_NAMES = Object.keys(Outcome) as OutcomeName[]

const FIRST_IGNORED = Outcome.duplicate_open
const FIRST_REJECTED = Outcome.symbol_changed

/** How the outcome counts: records in = applied + ignored + rejected + tombstones. */
export function countsAs(outcome: Outcome): 'applied' | 'ignored' | 'rejected' {
  if (outcome < FIRST_IGNORED) return 'applied'
  return outcome < FIRST_REJECTED ? 'ignored' : 'rejected'
}
