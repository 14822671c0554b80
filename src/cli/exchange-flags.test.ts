/** Flags that name exchanges and markets: what is taken, and how the refusal reads. */
import { describe, expect, it } from 'vitest'
import { assertMarket, DEFAULT_EXCHANGES, exchangeList, marketList } from './exchange-flags.js'

describe('the list of exchanges', () => {
  it('keeps its order, for the first wins at equal prices', () => {
    const names = (text: string) => exchangeList(text).map(({ name }) => name)
    expect(names(DEFAULT_EXCHANGES)).toEqual(['coinbase', 'kraken'])
    expect(names('gemini,bitstamp,kraken')).toEqual(['gemini', 'bitstamp', 'kraken'])
  })

  it('is refused with the names that there are', () => {
    expect(() => exchangeList('kraken,binance')).toThrow(
      '--exchanges: no "binance", only coinbase, kraken, bitstamp, gemini',
    )
    for (const text of ['', 'kraken,', 'Kraken', 'kraken, gemini', 'constructor']) {
      expect(() => exchangeList(text), text).toThrow('--exchanges: no "')
    }
    expect(() => exchangeList('kraken,kraken')).toThrow('--exchanges: "kraken" is named twice')
  })
})

describe('the markets', () => {
  const exchanges = exchangeList('coinbase,kraken')

  it('are those of every exchange that is asked', () => {
    expect(marketList('ETH-USD,BTC-USD', exchanges)).toEqual(['ETH-USD', 'BTC-USD'])
    expect(() => marketList('BTC-USD,BTC-USD', exchanges)).toThrow('--markets: "BTC-USD" is named')
    expect(() => assertMarket('--market', 'DOGE-USD', exchanges)).toThrow(
      '--market: no "DOGE-USD" at coinbase, only BTC-USD, ETH-USD',
    )
  })
})
