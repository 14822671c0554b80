/** The exchanges behind the port that the jobs ask through: which there are, where they are, and who asks. */
import { setMaxListeners } from 'node:events'
import { DepthlineError } from '../errors.js'
import { askExchange } from '../exchanges/ask-exchange.js'
import type { Exchanges } from '../jobs/ports.js'
import { EXCHANGES } from '../wire/exchanges/exchanges.js'
import { systemClock } from './process.js'
import { version } from './version.js'

export interface AskingTerms {
  /** How long after a deadline an answer is waited for; 0 where nobody wants it then. */
  readonly lateMs: number
  /** Ends everything that is asked: it rejects with STOPPED. */
  readonly signal: AbortSignal
}

/** @throws DepthlineError USAGE where an exchange's address in the environment is none */
export function openExchanges(names: readonly string[], asking: AskingTerms): Exchanges {
  const asked = EXCHANGES.filter(({ name }) => names.includes(name)).map((exchange) => ({
    ...exchange,
    origin: exchangeOrigin(process.env, exchange),
  }))
  // Every request listens, and Node takes more than ten for a leak.
  setMaxListeners(0, asking.signal)
  const userAgent = `depthline/${version}`
  const terms = { ...asking, userAgent, clock: systemClock, random: Math.random }
  return {
    async ask({ exchange, market, deadlineMs }, onLate) {
      const { paths, ...rest } = asked.find(({ name }) => name === exchange)!
      const book = { ...rest, path: paths.get(market)! }
      const deadlineAt = systemClock.monotonic() + deadlineMs - systemClock.now()
      const { reply, late } = await askExchange(book, { ...terms, deadlineAt })
      void late?.then((answer) => answer && onLate(answer))
      return reply
    },
  }
}

/**
 * Where an exchange is asked: at `origin`, or at what `DEPTHLINE_EXCHANGE_URL_<NAME>` puts in its place.
 *
 * @throws DepthlineError USAGE that does not repeat the address, which may hold a password
 */
export function exchangeOrigin(
  env: Readonly<Record<string, string | undefined>>,
  exchange: { readonly name: string; readonly origin: string },
): string {
  const variable = `DEPTHLINE_EXCHANGE_URL_${exchange.name.toUpperCase()}`
  const text = env[variable]
  if (!text) return exchange.origin
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isBare = url !== undefined && url.href === `${url.origin}/`
  if (isBare && ['http:', 'https:'].includes(url.protocol)) return url.origin
  throw new DepthlineError(
    'USAGE',
    `${variable}: expected scheme, host and port, such as http://127.0.0.1:8080, and nothing after`,
  )
}
