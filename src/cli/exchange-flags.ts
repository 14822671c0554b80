/** The flags that name exchanges and markets, checked against those that there are. */
import { exchangeOrigin } from '../config.js'
import { DepthlineError } from '../errors.js'
import type { Log } from '../jobs/ports.js'
import type { Exchange } from '../wire/exchanges/exchange.js'
import { EXCHANGES, exchangeNamed } from '../wire/exchanges/exchanges.js'

/** Those that are asked where nobody says otherwise. */
export const DEFAULT_EXCHANGES = 'coinbase,kraken'

/**
 * The exchanges of a list such as `coinbase,kraken`, in its order.
 *
 * @throws DepthlineError USAGE that names those that there are
 */
export function exchangeList(text: string): Exchange[] {
  const names = text.split(',')
  assertNoneTwice('--exchanges', names)
  return names.map((name) => {
    const exchange = exchangeNamed(name)
    if (exchange !== undefined) return exchange
    throw unknown('--exchanges', name, EXCHANGES)
  })
}

/**
 * The markets of a list such as `BTC-USD,ETH-USD`, in its order; each of `exchanges` has all of them.
 *
 * @throws DepthlineError USAGE that names those that there are
 */
export function marketList(text: string, exchanges: readonly Exchange[]): string[] {
  const markets = text.split(',')
  assertNoneTwice('--markets', markets)
  for (const market of markets) assertMarket('--markets', market, exchanges)
  return markets
}

/**
 * @param flag as people write it, such as `--market`
 * @throws DepthlineError USAGE where one of `exchanges` does not have the market
 */
export function assertMarket(flag: string, market: string, exchanges: readonly Exchange[]): void {
  const without = exchanges.find(({ paths }) => !paths.has(market))
  if (without === undefined) return
  const known = [...without.paths.keys()].map((name) => ({ name }))
  throw unknown(flag, market, known, ` at ${without.name}`)
}

/**
 * Says which exchanges are asked at another address than their own, for their books may be made up.
 *
 * @throws DepthlineError USAGE where an address in the environment is none
 */
export function warnOfOtherOrigins(exchanges: readonly Exchange[], log: Log): void {
  for (const exchange of exchanges) {
    const origin = exchangeOrigin(process.env, exchange)
    if (origin === exchange.origin) continue
    log.warn({ exchange: exchange.name, origin }, 'not asked at its own address')
  }
}

function assertNoneTwice(flag: string, names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice === undefined) return
  throw new DepthlineError('USAGE', `${flag}: "${twice}" is named twice`)
}

function unknown(
  flag: string,
  name: string,
  known: readonly { readonly name: string }[],
  where = '',
): DepthlineError {
  const names = known.map((one) => one.name).join(', ')
  return new DepthlineError('USAGE', `${flag}: no "${name}"${where}, only ${names}`)
}
