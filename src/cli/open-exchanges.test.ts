/** Where the exchanges are asked: at home, or where the environment says. */
import { describe, expect, it } from 'vitest'
import { exchangeOrigin } from './open-exchanges.js'

describe('the address of an exchange', () => {
  const kraken = { name: 'kraken', origin: 'https://api.kraken.com' }
  const asked = (url: string) => exchangeOrigin({ DEPTHLINE_EXCHANGE_URL_KRAKEN: url }, kraken)

  it('is its own unless its variable names another', () => {
    expect(exchangeOrigin({ DEPTHLINE_EXCHANGE_URL_GEMINI: 'http://x' }, kraken)).toBe(
      'https://api.kraken.com',
    )
    expect(asked('')).toBe('https://api.kraken.com')
    expect(asked('http://127.0.0.1:8080')).toBe('http://127.0.0.1:8080')
    expect(asked('HTTPS://Proxy.example/')).toBe('https://proxy.example')
  })

  it('is refused where it is more or less than scheme, host and port, and not repeated', () => {
    const wrong = ['kraken', '127.0.0.1:80', 'ftp://a', 'http://a/b', 'http://a?b', 'http://u:pw@a']
    for (const url of wrong) {
      expect(() => asked(url), url).toThrow(/^DEPTHLINE_EXCHANGE_URL_KRAKEN: expected scheme, host/)
      expect(() => asked(url), url).not.toThrow(/pw/)
    }
  })
})
