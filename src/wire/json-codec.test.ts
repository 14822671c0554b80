/** Records as checked JSON. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type AvroType, AvroWriter, avroType, readAvro } from './avro-types.js'
import type { ExchangeDepth, ExchangePoll, MarketAnalytics } from './exchange-records.js'
import { jsonCodec } from './json-codec.js'

const schemaOf = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../schemas/${name}.avsc`, import.meta.url), 'utf8'))
const poll = avroType(schemaOf('exchange-poll'))
const depth = avroType(schemaOf('exchange-depth'))
const analytics = avroType(schemaOf('market-analytics'))

const POLL: ExchangePoll = {
  kind: 'answer',
  poll_at: 1_732_000_020_000,
  exchange: 'kraken',
  market: 'BTC-USD',
  requested_at: 1_732_000_020_005,
  responded_at: null,
  attempts: 1,
  status: 200,
  error: null,
  detail: null,
  sha256: null,
  body: Uint8Array.of(0, 255, 128, 10),
  origin: null,
  exchanges: null,
  markets: ['BTC-USD', 'ETH-USD'],
}

const DEPTH: ExchangeDepth = {
  poll_at: 1_732_000_020_000,
  exchange: 'kraken',
  market: 'BTC-USD',
  usable: true,
  reason: null,
  detail: null,
  flags: ['same_body'],
  requested_at: 1,
  responded_at: 2,
  book_at: null,
  status: 200,
  sha256: null,
  best_bid: '34045.24',
  best_ask: '34045.25',
  mid_price: '34045.245',
  spread: '0.01',
  fills: [
    {
      notional: '50000',
      side: 'buy',
      complete: true,
      price: '34045.25',
      base_amount: '1.468633656',
      filled_notional: '50000',
      worst_price: '34045.25',
      levels: 1,
      slippage_bps: '-0.0015',
    },
  ],
  extract_notional: '100000',
  bids: [],
  asks: [
    { price: '34045.25', amount: '7.52013', total: '256024.7058825', cum_sum: '256024.7058825' },
  ],
  depth: [{ bps: 10, bids: '0', asks: `${'9'.repeat(40)}.${'9'.repeat(36)}` }],
}

/** Without a frame. */
const avroBytes = (type: AvroType, record: unknown) =>
  new AvroWriter(type).write(record, new Uint8Array())
const text = (value: Uint8Array) => new TextDecoder().decode(value)
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
/** A record with faults that its type does not allow. */
const broken = (record: ExchangeDepth, change: object) =>
  ({ ...record, ...change }) as ExchangeDepth

describe('records as JSON', () => {
  it('prints fields in the schema’s order: decimals as text, times as ms, bytes as base64', async () => {
    const reversed = Object.fromEntries(Object.entries(POLL).reverse()) as unknown as ExchangePoll
    expect(text(await jsonCodec<ExchangePoll>(poll).encode(reversed))).toBe(
      '{"kind":"answer","poll_at":1732000020000,"exchange":"kraken","market":"BTC-USD","origin":null,' +
        '"requested_at":1732000020005,"responded_at":null,"attempts":1,"status":200,"error":null,' +
        '"detail":null,"sha256":null,"body":"AP+ACg==","exchanges":null,"markets":["BTC-USD","ETH-USD"]}',
    )
  })

  it('gives back what it was given, and names the schema', async () => {
    const polls = jsonCodec<ExchangePoll>(poll)
    expect(await polls.decode(await polls.encode(POLL))).toEqual(POLL)
    expect(polls.schema).toBe('depthline.ExchangePoll')
    const depths = jsonCodec<ExchangeDepth>(depth)
    expect(await depths.decode(await depths.encode(DEPTH))).toEqual(DEPTH)
  })

  it('prints one value as one text, whichever plain form it was given in', async () => {
    const codec = jsonCodec<ExchangeDepth>(depth)
    expect(await codec.encode({ ...DEPTH, best_bid: '034045.2400' })).toEqual(
      await codec.encode(DEPTH),
    )
  })

  it.each([
    [{ fills: [{ ...DEPTH.fills[0], price: 'abc' }] }, 'fills[0].price: "abc" is no decimal'],
    [{ fills: [{ ...DEPTH.fills[0], side: 'BUY' }] }, 'fills[0].side: "BUY" is none of buy, sell'],
    [{ best_bid: 34045.24 }, 'best_bid: 34045.24 is no decimal'],
    [{ best_bid: '1e5' }, 'best_bid: "1e5" is no decimal'],
    [{ extract_notional: null }, 'extract_notional: null is no decimal'],
    [{ extract_notional: undefined }, 'extract_notional: is missing'],
    [{ best_bid: `1${'0'.repeat(40)}` }, 'does not fit decimal(76, 36)'],
    [{ status: 200.5 }, 'status: 200.5 is no int'],
    [{ poll_at: 2 ** 60 }, 'poll_at: 1152921504606847000 is no long'],
    [{ poll_at: '2026-11-20' }, 'poll_at: "2026-11-20" is no long'],
    [{ flags: 'same_body' }, 'flags: "same_body" is no array'],
    [{ asks: [...DEPTH.asks, null] }, 'asks[1]: null is no record'],
    [{ exchange: 7n }, 'exchange: 7 is no string'],
  ])('says where a record is not what its schema says: %#', async (change, message) => {
    const codec = jsonCodec<ExchangeDepth>(depth)
    await expect(codec.encode(broken(DEPTH, change))).rejects.toMatchObject({
      code: 'BAD_RECORD',
      message: expect.stringContaining(message),
    })
  })

  it('checks what it reads by the same schema', async () => {
    const codec = jsonCodec<ExchangePoll>(poll)
    const json = JSON.parse(text(await codec.encode(POLL)))
    const refused = async (change: object, message: string) => {
      const decoded = codec.decode(bytes({ ...json, ...change }))
      await expect(decoded).rejects.toMatchObject({
        code: 'BAD_RECORD',
        message: expect.stringContaining(message),
      })
    }
    await refused({ kind: 'question' }, 'kind: "question" is none of answer, failure')
    await refused({ body: 'no base64' }, 'body: "no base64" is no bytes')
    await refused({ body: 'AP+ACg' }, 'body: "AP+ACg" is no bytes')
    await refused({ attempts: undefined }, 'attempts: is missing')
    await expect(codec.decode(bytes([]))).rejects.toThrow('is missing')
    await expect(codec.decode(bytes(null))).rejects.toThrow('the record: null is no record')
    await expect(codec.decode(new TextEncoder().encode('{'))).rejects.toThrow(
      /no JSON of depthline/,
    )
    await expect(codec.decode(Uint8Array.of(0x7b, 0xff))).rejects.toThrow(/no JSON of depthline/)
  })

  it('ignores fields that it does not know, and takes an absent nullable one as null', async () => {
    const codec = jsonCodec<ExchangePoll>(poll)
    const { detail: _, ...json } = JSON.parse(text(await codec.encode(POLL)))
    const later = { ...json, region: 'eu', __proto__: { x: 1 } }
    expect(await codec.decode(bytes(later))).toEqual(POLL)
  })

  it('says what to set where it meets Avro of a registry', async () => {
    const value = Uint8Array.of(0, 0, 0, 0, 1, 2)
    await expect(jsonCodec(poll).decode(value)).rejects.toThrow('set SCHEMA_REGISTRY_URL')
  })

  it('prints every nullable field of an analytics record of nothing', async () => {
    const nothing = { poll_at: 0, market: 'X-Y', mid_exchanges: [], notional: '50000' }
    const lists = { consolidated: [], exchanges: [], depth: [] }
    const codec = jsonCodec<MarketAnalytics>(analytics)
    const json = JSON.parse(text(await codec.encode({ ...nothing, ...lists } as never)))
    expect(Object.keys(json)).toEqual(
      schemaOf('market-analytics').fields.map(({ name }: { name: string }) => name),
    )
    expect(json.average_mid_price).toBeNull()
  })
})

describe('records as Avro', () => {
  it('gives back what it was given', () => {
    expect(readAvro(poll, avroBytes(poll, POLL))).toEqual(POLL)
    expect(readAvro(depth, avroBytes(depth, DEPTH))).toEqual(DEPTH)
  })

  it('refuses bytes that are cut short, or too many', () => {
    const whole = avroBytes(poll, POLL)
    expect(() => readAvro(poll, whole.subarray(0, -1))).toThrow(/no Avro of depthline.ExchangePoll/)
    expect(() => readAvro(poll, Buffer.concat([whole, Buffer.of(0)]))).toThrow(/no Avro/)
  })

  it('reads what an older schema has written, new fields as their defaults', () => {
    const older = schemaOf('exchange-depth')
    older.fields = older.fields.filter(({ name }: { name: string }) => name !== 'spread')
    const resolver = depth.createResolver(avroType(older))
    const { spread: _, ...written } = DEPTH
    expect(readAvro(depth, avroBytes(avroType(older), written), resolver)).toEqual({
      ...DEPTH,
      spread: null,
    })
  })

  it('refuses to read a decimal of another scale as if it were its own', () => {
    const other = JSON.parse(
      JSON.stringify(schemaOf('exchange-depth')).replaceAll('"scale":36', '"scale":18'),
    )
    expect(() => depth.createResolver(avroType(other))).toThrow(/cannot read/)
  })

  it('refuses a schema whose decimal is none', () => {
    const schema = { type: 'record', name: 'X', fields: [] }
    expect(avroType(schema).name).toBe('X')
    const decimal = { name: 'd', type: { type: 'bytes', logicalType: 'decimal' } }
    expect(() => avroType({ ...schema, fields: [decimal] })).toThrow()
  })
})
