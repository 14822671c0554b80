/** The roles of `run`, and which of its flags each takes. */
import type { OrderBooksLimits } from '../book/order-books.js'
import { DepthlineError } from '../errors.js'
import type { TickFormat } from './tick-values.js'

export const ROLES = ['all', 'shard', 'merge'] as const

export interface RoleFlags extends OrderBooksLimits {
  readonly role: (typeof ROLES)[number]
  readonly input: string
  readonly output: string
  readonly deadLetters: string
  /** The job's name. */
  readonly job: string
  readonly levels: number
  readonly fetchThreads: number
  readonly standby: boolean
  readonly snapshotSeconds: number
  readonly snapshotTopic?: string | undefined
  readonly rebuild: boolean
  readonly acceptIncomplete: boolean
  readonly createTopics: boolean
  readonly format: TickFormat
  readonly bySymbol: boolean
  readonly rekey: boolean
}

/**
 * @param isGiven whether a flag stands on the command line
 * @throws DepthlineError USAGE where a flag is of another role
 */
export function assertFlagsOfRole(flags: RoleFlags, isGiven: (flag: string) => boolean): void {
  const { role } = flags
  if (role === 'all') return
  const others: [string, boolean, string][] = [
    ['--accept-incomplete', flags.acceptIncomplete, 'each partition needs its whole log'],
    ['--fetch-threads', flags.fetchThreads > 0, 'more processes do what threads would'],
    ['--standby', role === 'shard' && flags.standby, 'a spare is simply one process more'],
    ['--by-symbol', role === 'shard' && flags.bySymbol, 'the merger publishes what it asks for'],
    ['--rekey', flags.rekey, 'its stage runs in one process; read what that writes'],
    ['--levels', role === 'shard' && isGiven('levels'), 'the merger prints the message'],
    ['--format', role === 'shard' && isGiven('format'), 'the merger prints the message'],
    ['--closed-window', role === 'merge' && isGiven('closedWindow'), 'it reads no orders'],
    ['--max-open-orders', role === 'merge' && isGiven('maxOpenOrders'), 'it reads no orders'],
    ['--max-waiting-closes', role === 'merge' && isGiven('maxWaitingCloses'), 'it reads no orders'],
    ['--snapshot-seconds', role === 'merge' && isGiven('snapshotSeconds'), 'it has no snapshots'],
    ['--rebuild', role === 'merge' && flags.rebuild, 'it has no snapshots'],
    ['--snapshot-topic', role === 'merge' && flags.snapshotTopic !== undefined, 'it has none'],
  ]
  const [wrong] = others.filter(([, isThere]) => isThere)
  if (wrong === undefined) return
  const [flag, , reason] = wrong
  throw new DepthlineError('USAGE', `${flag} is not for --role ${role}: ${reason}`)
}
