/** Flags and environment: what is taken, and how the refusal reads. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { afterAll, describe, expect, it } from 'vitest'
import * as z from 'zod'
import * as config from './config.js'

const folder = mkdtempSync(join(tmpdir(), 'depthline-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

function flag<T extends z.ZodType>(schema: T, value: string): unknown {
  const flags: { theFlag?: unknown } = config.checkFlags(z.object({ theFlag: schema }), {
    theFlag: value,
  })
  return flags.theFlag
}

describe('a range of ticks', () => {
  it('may be open or hold one tick, and is refused where it ends before it begins', () => {
    for (const range of [{}, { from: 5 }, { to: 5 }, { from: 5, to: 5 }]) config.assertRange(range)
    expect(() => config.assertRange({ from: 6, to: 5 })).toThrow('--from 6 comes after --to 5')
  })
})

describe('flags', () => {
  it('names the flag, what it takes and what it got', () => {
    expect(() => flag(config.wholeNumber(1, 9), '10')).toThrow(
      '--the-flag: expected a whole number from 1 to 9, got "10"',
    )
  })

  it.each(['', '-1', '1.5', '1e3', ' 1', '0x1', '99999999999999999'])(
    'takes no number written as %j',
    (text) => {
      expect(() => flag(config.wholeNumber(0), text)).toThrow(/whole number of at least 0/)
    },
  )

  it('takes a number of levels, or all of them', () => {
    expect(flag(config.levels(), '15')).toBe(15)
    expect(flag(config.levels(), 'all')).toBe(Number.POSITIVE_INFINITY)
    expect(() => flag(config.levels(), '0')).toThrow(/at least 1, or all/)
  })

  it('takes a share from 0 to 1', () => {
    expect(flag(config.share(), '0.45')).toBe(0.45)
    expect(() => flag(config.share(), '1.1')).toThrow(/from 0 to 1/)
  })

  it('takes a second as a number or as a time', () => {
    expect(flag(config.second(), '1700000000')).toBe(1_700_000_000)
    expect(flag(config.second(), '2023-11-14T22:13:20Z')).toBe(1_700_000_000)
    expect(flag(config.second(), '2023-11-14T23:13:20+01:00')).toBe(1_700_000_000)
    expect(() => flag(config.second(), 'yesterday')).toThrow(/epoch second, or a time/)
  })

  it('takes topic names that Kafka takes', () => {
    expect(flag(config.topicName(), 'orders.dead-letter')).toBe('orders.dead-letter')
    for (const name of ['', '.', '..', 'a b', 'a/b', 'x'.repeat(250)]) {
      expect(() => flag(config.topicName(), name)).toThrow(/a topic name/)
    }
  })

  it('takes symbols with commas between them', () => {
    expect(flag(config.symbolList(), 'BTC-USDT,ETH/USD')).toEqual(['BTC-USDT', 'ETH/USD'])
    expect(() => flag(config.symbolList(), 'BTC-USDT,')).toThrow(/symbols such as/)
  })

  it('gives an object that nobody can change', () => {
    expect(Object.isFrozen(config.checkFlags(z.object({}), {}))).toBe(true)
  })
})

describe('the environment', () => {
  it('has a broker on this machine as the default', () => {
    expect(config.kafkaSettings({})).toEqual({ brokers: ['localhost:9092'], clientId: 'depthline' })
  })

  it('takes several brokers and refuses what is none', () => {
    expect(config.kafkaSettings({ KAFKA_BROKERS: 'a:1, b:2' }).brokers).toEqual(['a:1', 'b:2'])
    expect(() => config.kafkaSettings({ KAFKA_BROKERS: 'a' })).toThrow(
      'KAFKA_BROKERS: expected host:port, got "a"',
    )
  })

  it('reads a password from a file, without its newline', () => {
    const file = join(folder, 'password')
    writeFileSync(file, 'secret\n')
    const settings = config.kafkaSettings({
      KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
      KAFKA_SASL_USERNAME: 'me',
      KAFKA_SASL_PASSWORD_FILE: file,
    })
    expect(settings.sasl).toEqual({
      mechanism: 'scram-sha-512',
      username: 'me',
      password: 'secret',
    })
  })

  it('says which variable is missing or wrong', () => {
    const sasl = { KAFKA_SASL_MECHANISM: 'plain' }
    expect(() => config.kafkaSettings(sasl)).toThrow('KAFKA_SASL_USERNAME is not set')
    expect(() => config.kafkaSettings({ ...sasl, KAFKA_SASL_USERNAME: 'me' })).toThrow(
      'KAFKA_SASL_PASSWORD or KAFKA_SASL_PASSWORD_FILE is not set',
    )
    expect(() => config.kafkaSettings({ KAFKA_SASL_MECHANISM: 'gssapi' })).toThrow(/one of plain/)
    expect(() => config.kafkaSettings({ KAFKA_SSL: 'maybe' })).toThrow(/KAFKA_SSL: expected/)
    expect(() => config.kafkaSettings({ KAFKA_SSL_CA: '/no/such/file' })).toThrow(
      'KAFKA_SSL_CA: cannot read /no/such/file',
    )
  })

  it('turns TLS on, with an authority of its own where one is named', () => {
    const file = join(folder, 'ca.pem')
    const [certificate = ''] = rootCertificates
    writeFileSync(file, certificate)
    expect(config.kafkaSettings({ KAFKA_SSL: 'true' }).ssl).toBe(true)
    expect(config.kafkaSettings({ KAFKA_SSL_CA: file }).ssl).toEqual({ ca: [certificate] })
  })

  it('refuses an authority that is none, which Node would pass over, and TLS switched on and off', () => {
    const file = join(folder, 'no-ca.pem')
    writeFileSync(file, 'CERTIFICATE')
    expect(() => config.kafkaSettings({ KAFKA_SSL_CA: file })).toThrow('holds no certificate')
    expect(() => config.kafkaSettings({ KAFKA_SSL: 'false', KAFKA_SSL_CA: file })).toThrow(
      'KAFKA_SSL_CA is set, and KAFKA_SSL says false',
    )
  })

  it('refuses a user without a mechanism, whom Kafka would never hear of', () => {
    expect(() => config.kafkaSettings({ KAFKA_SASL_USERNAME: 'me' })).toThrow(
      'KAFKA_SASL_MECHANISM is not set',
    )
  })
})

describe('the address of an exchange', () => {
  const kraken = { name: 'kraken', origin: 'https://api.kraken.com' }
  const asked = (url: string) =>
    config.exchangeOrigin({ DEPTHLINE_EXCHANGE_URL_KRAKEN: url }, kraken)

  it('is its own unless its variable names another', () => {
    expect(config.exchangeOrigin({ DEPTHLINE_EXCHANGE_URL_GEMINI: 'http://x' }, kraken)).toBe(
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
