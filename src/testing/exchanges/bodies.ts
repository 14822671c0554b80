/** How each exchange spells a book, a question it does not understand, and its own refusals. */
import type { SimulatedBook, SimulatedExchange, SimulatedLevel } from './moving-book.js'

export interface SpokenBook extends SimulatedBook {
  readonly inAuction: boolean
}

/** Levels that were seen in recorded whole books, and that make any sum over a whole book nonsense. */
const FAR_BID: SimulatedLevel = { cents: 1, size: 23_006_100_000_000, orders: 3, ageS: 86_400 }
const FAR_ASK: SimulatedLevel = { cents: 1e11, size: 200_000, orders: 1, ageS: 86_400 }

export function coinbaseBody(book: SpokenBook, level: string): string {
  const { bids, asks } =
    level === '2' ? whole(book) : { bids: top(book.bids), asks: top(book.asks) }
  const spell = ({ cents, size, orders }: SimulatedLevel) =>
    `["${plain(cents, 2)}","${plain(size, 8)}",${orders}]`
  const auction = book.inAuction
    ? '{"open_price":"","open_size":"","best_bid_price":"","best_bid_size":"","best_ask_price":"","best_ask_size":"","auction_state":"collection"}'
    : 'null'
  const sequence = 100_000_000_000 + Math.floor(book.atMs / 10)
  // Nine decimals, the last of them not zeros.
  const time = new Date(book.atMs).toISOString().replace('Z', '106912Z')
  return `{"bids":[${bids.map(spell)}],"asks":[${asks.map(spell)}],"sequence":${sequence},"auction_mode":${book.inAuction},"auction":${auction},"time":"${time}"}`
}

export function krakenBody(book: SpokenBook, count: number): string {
  const spell = ({ cents, size, ageS }: SimulatedLevel) => {
    const second = Math.floor(book.atMs / 1000) - ageS
    return `["${(cents / 100).toFixed(5)}","${(size / 1e8).toFixed(3)}",${second}]`
  }
  // Three decimals would make nothing of the smallest sizes.
  const side = (levels: SimulatedLevel[]) =>
    levels.slice(0, count).map((level) => spell({ ...level, size: Math.max(100_000, level.size) }))
  const key = book.market === 'BTC-USD' ? 'XXBTZUSD' : 'XETHZUSD'
  return `{"error":[],"result":{"${key}":{"asks":[${side(book.asks)}],"bids":[${side(book.bids)}]}}}`
}

export function bitstampBody(book: SpokenBook): string {
  const { bids, asks } = whole(book)
  const spell = ({ cents, size }: SimulatedLevel) =>
    `["${(cents / 100).toFixed(2)}","${padded(size, 8)}"]`
  const second = Math.floor(book.atMs / 1000)
  return `{"timestamp":"${second}","microtimestamp":"${book.atMs}123","bids":[${bids.map(spell)}],"asks":[${asks.map(spell)}]}`
}

export function geminiBody(book: SpokenBook, limits: { bids: number; asks: number }): string {
  const spell = ({ cents, size }: SimulatedLevel) => {
    const [price, amount] = [(cents / 100).toFixed(2), plain(size, 8)]
    return `{"price":"${price}","amount":"${amount}","timestamp":"${Math.floor(book.atMs / 1000)}"}`
  }
  const side = (levels: SimulatedLevel[], limit: number) =>
    levels.slice(0, limit === 0 ? levels.length : limit).map(spell)
  return `{"bids":[${side(book.bids, limits.bids)}],"asks":[${side(book.asks, limits.asks)}]}`
}

/** A refusal in the exchange's own shape; Kraken's come with HTTP 200. */
export function refusal(exchange: SimulatedExchange, words: string): string {
  switch (exchange) {
    case 'coinbase':
      return JSON.stringify({ message: words })
    case 'kraken':
      return JSON.stringify({ error: [words] })
    case 'bitstamp':
      return JSON.stringify({ status: 'error', reason: words })
    case 'gemini':
      return JSON.stringify({ result: 'error', reason: words.replaceAll(' ', ''), message: words })
  }
}

/** What a proxy in front of an exchange says instead of it. */
export function proxyPage(status: number): string {
  return `<!DOCTYPE html>\n<html><head><title>${status}</title></head>\n<body><center><h1>${status}</h1></center><hr><center>cloudflare</center></body></html>\n`
}

function whole({ bids, asks }: SpokenBook) {
  if (bids.length === 0) return { bids, asks }
  return { bids: [...bids, FAR_BID], asks: [...asks, FAR_ASK] }
}

function top(levels: SimulatedLevel[]): SimulatedLevel[] {
  return levels.slice(0, 1)
}

/** `units × 10^-scale` with all its decimals; exact, since `units` is a whole number. */
function padded(units: number, scale: number): string {
  const digits = String(units).padStart(scale + 1, '0')
  return `${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** The same without trailing zeros. */
function plain(units: number, scale: number): string {
  return padded(units, scale).replace(/\.?0+$/, '')
}
