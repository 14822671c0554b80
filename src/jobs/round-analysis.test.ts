import { describe, expect, test } from 'vitest'
import { parseDecimal } from '../book/decimal.js'
import type { TextBook } from '../testing/exchange-books.js'
import { answer, bodyOf, failure, notPolled, POLL_AT } from '../testing/exchange-polls.js'
import type { ExchangePoll } from '../wire/exchange-records.js'
import { analyseRound, type BodyHashes } from './round-analysis.js'

const decimal = (text: string) => parseDecimal(text)!
const MARKET = 'BTC-USD'
const EXCHANGES = ['coinbase', 'kraken', 'bitstamp', 'gemini']

/** One level a side, `size` deep, half a unit of money around the mid price. */
function around(mid: number, size = '10'): TextBook {
  return {
    bids: [{ price: `${mid - 0.5}`, amount: size }],
    asks: [{ price: `${mid + 0.5}`, amount: size }],
  }
}

function answers(books: Record<string, TextBook>): ExchangePoll[] {
  return Object.entries(books).map(([exchange, book]) =>
    answer(exchange, MARKET, bodyOf(exchange, book)),
  )
}

interface Given {
  readonly exchanges?: readonly string[]
  readonly markets?: readonly string[]
  readonly before?: BodyHashes
  readonly fees?: Record<string, string>
  readonly notionals?: readonly string[]
}

function analyse(records: readonly ExchangePoll[], given: Given = {}) {
  const named = new Set(records.map(({ exchange }) => exchange))
  const exchanges = given.exchanges ?? EXCHANGES.filter((exchange) => named.has(exchange))
  const round = { pollAt: POLL_AT, exchanges, markets: given.markets ?? [MARKET], records }
  const fees = Object.entries(given.fees ?? {}).map(([name, fee]) => [name, decimal(fee)] as const)
  const notionals = (given.notionals ?? ['500', '1000']).map(decimal)
  return analyseRound(round, given.before ?? {}, { notionals, fees: new Map(fees) })
}

/** Exchange → why its book is not used, or its flags. */
function verdicts(records: readonly ExchangePoll[], given: Given = {}) {
  const { depth } = analyse(records, given)
  return depth.map(({ exchange, reason, flags }) => `${exchange} ${reason ?? flags.join()}`.trim())
}

describe('one book', () => {
  const book = {
    bids: [
      { price: '99', amount: '1' },
      { price: '98', amount: '3' },
    ],
    asks: [
      { price: '100', amount: '1' },
      { price: '101', amount: '2' },
    ],
  }
  const { depth, analytics } = analyse(answers({ kraken: book }), { notionals: ['150', '303'] })

  test('gives one record with all its figures', () => {
    const [record] = depth
    expect(record).toMatchObject({
      poll_at: POLL_AT,
      exchange: 'kraken',
      market: MARKET,
      usable: true,
      reason: null,
      detail: null,
      flags: [],
      requested_at: POLL_AT + 5,
      responded_at: POLL_AT + 250,
      book_at: null,
      status: 200,
      best_bid: '99',
      best_ask: '100',
      mid_price: '99.5',
      spread: '1',
      extract_notional: '303',
    })
    expect(record?.fills.map(({ side, notional, price }) => [side, notional, price])).toEqual([
      // 1 + 50/101, 1 + 51/98, too thin by 1, and 1 + 204/98 base units.
      ['buy', '150', '100.33112583'],
      ['sell', '150', '98.65771812'],
      ['buy', '303', null],
      ['sell', '303', '98.32450331'],
    ])
    expect(record?.asks.map((level) => level.cum_sum)).toEqual(['100', '302'])
    expect(record?.bids.at(-1)).toEqual({
      price: '98',
      amount: '2.081632653061',
      total: '204',
      cum_sum: '303',
    })
    expect(record?.depth).toEqual([
      { bps: 10, bids: '0', asks: '0' },
      { bps: 50, bids: '0', asks: '0' },
      { bps: 100, bids: '99', asks: '100' },
    ])
  })

  test('is the preferred one, with no advantage over anybody', () => {
    expect(analytics[0]).toMatchObject({
      average_mid_price: '99.5',
      mid_exchanges: ['kraken'],
      notional: '150',
      buy_exchange: 'kraken',
      buy_price: '100.33112583',
      buy_advantage_bps: null,
      sell_exchange: 'kraken',
      net_buy_exchange: null,
      net_buy_price: null,
      consolidated_best_bid: '99',
      consolidated_best_ask: '100',
    })
    expect(analytics[0]?.consolidated[1]).toMatchObject({
      side: 'sell',
      split: [{ exchange: 'kraken', base_amount: '1.520408163265', notional: '150' }],
    })
  })

  test('prints the time that it carries', () => {
    const records = answers({ coinbase: book, bitstamp: book })
    expect(analyse(records).depth.map(({ book_at }) => book_at)).toEqual([
      POLL_AT + 200,
      POLL_AT + 200,
    ])
  })
})

describe('the preferred exchange', () => {
  const records = answers({ coinbase: around(103), kraken: around(100), gemini: around(101) })

  test('is the cheapest for a buy, never the dearest, and the highest for a sell', () => {
    expect(analyse(records).analytics[0]).toMatchObject({
      average_mid_price: '101.33333333',
      mid_exchanges: ['coinbase', 'kraken', 'gemini'],
      buy_exchange: 'kraken',
      buy_price: '100.5',
      buy_advantage_bps: '98.5222',
      sell_exchange: 'coinbase',
      sell_price: '102.5',
      sell_advantage_bps: '199.005',
    })
  })

  test('may be another one after fees, among those whose fee is known', () => {
    const { analytics } = analyse(records, { fees: { kraken: '200', gemini: '1.5' } })
    expect(analytics[0]).toMatchObject({
      buy_exchange: 'kraken',
      net_buy_exchange: 'gemini',
      net_buy_price: '101.515225',
      net_buy_advantage_bps: '97.0418',
      net_sell_exchange: 'gemini',
      net_sell_price: '100.484925',
    })
    expect(analytics[0]?.exchanges.map(({ fee_bps }) => fee_bps)).toEqual([null, '200', '1.5'])
  })

  test('is never one whose book is one cent too thin', () => {
    const cheap = { bids: around(90).bids, asks: [{ price: '10', amount: '49.999' }] }
    const bids = [{ price: '9', amount: '1' }]
    const thin = answers({ coinbase: { ...cheap, bids }, kraken: around(10.3, '100') })
    const [analytics] = analyse(thin).analytics
    expect(analytics).toMatchObject({ buy_exchange: 'kraken', sell_exchange: 'kraken' })
    const { fills } = analyse(thin).depth[0]!
    expect(fills[0]).toMatchObject({ complete: false, price: null, filled_notional: '499.99' })
  })

  test('is the one named first at equal prices', () => {
    const same = answers({ coinbase: around(100), kraken: around(100) })
    const first = (exchanges: string[]) => {
      const [one] = analyse(same, { exchanges }).analytics
      return [one?.buy_exchange, one?.sell_exchange, one?.buy_advantage_bps]
    }
    expect(first(['coinbase', 'kraken'])).toEqual(['coinbase', 'coinbase', '0'])
    expect(first(['kraken', 'coinbase'])).toEqual(['kraken', 'kraken', '0'])
  })

  test('is nobody where no book is deep enough', () => {
    const [analytics] = analyse(answers({ kraken: around(100, '1') })).analytics
    expect(analytics).toMatchObject({ buy_exchange: null, buy_price: null, sell_exchange: null })
    expect(analytics?.average_mid_price).toBe('100')
  })
})

describe('the consolidated book', () => {
  test('may be crossed, and says who gives how much', () => {
    const records = answers({ coinbase: around(100, '1'), kraken: around(102, '9') })
    const [analytics] = analyse(records).analytics
    expect(analytics).toMatchObject({
      consolidated_best_bid: '101.5',
      consolidated_best_ask: '100.5',
    })
    expect(analytics?.consolidated[0]).toEqual({
      notional: '500',
      side: 'buy',
      complete: true,
      // 1 + 399.5 / 102.5 base units.
      price: '102.09163347',
      base_amount: '4.897560975609',
      filled_notional: '500',
      worst_price: '102.5',
      levels: 2,
      slippage_bps: '108.0825',
      split: [
        { exchange: 'coinbase', base_amount: '1', notional: '100.5' },
        { exchange: 'kraken', base_amount: '3.897560975609', notional: '399.5' },
      ],
    })
  })
})

describe('a book takes no part', () => {
  const body = (fields: object) => [
    answer('coinbase', MARKET, bodyOf('coinbase', around(100), fields)),
  ]
  const time = (ms: number) => new Date(POLL_AT + 250 - ms).toISOString()

  test.each([
    ['without bids', { bids: [] }, 'empty', '0 bids and 1 asks'],
    [
      'in an auction, crossed or not',
      { auction_mode: true, bids: [['101', '1']] },
      'in_auction',
      'an auction is on',
    ],
    ['crossed', { bids: [['101', '1']] }, 'crossed', 'best bid 101 is not below best ask 100.5'],
    [
      'locked',
      { bids: [['100.50', '1']] },
      'crossed',
      'best bid 100.5 is not below best ask 100.5',
    ],
    ['over 30 s old', { time: time(30_001) }, 'stale', '30001 ms old when the answer came'],
    [
      'not sorted',
      {
        asks: [
          ['2', '1'],
          ['1', '1'],
        ],
      },
      'unsorted',
      'asks[1] price 1 comes after the worse 2',
    ],
    [
      'with a number that is no text',
      { asks: [['2', 1]] },
      'invalid_body',
      'asks[0] amount is 1 and no string',
    ],
  ])('%s', (_, fields, reason, detail) => {
    const { depth, analytics } = analyse(body(fields))
    const status = { exchange: 'coinbase', usable: false, reason, detail, flags: [] }
    const nothing = { best_bid: null, best_ask: null, mid_price: null, spread: null }
    const noRows = { fills: [], bids: [], asks: [], depth: [] }
    expect(depth[0]).toMatchObject({ ...status, ...nothing, ...noRows, status: 200 })
    expect(depth[0]?.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(analytics[0]?.exchanges).toEqual([{ ...status, mid_price: null, fee_bps: null }])
    expect(analytics[0]).toMatchObject({ average_mid_price: null, consolidated: [], depth: [] })
  })

  test('only where it is older than 30 s, and one from the future is none', () => {
    expect(verdicts(body({ time: time(30_000) }))).toEqual(['coinbase'])
    expect(verdicts(body({ time: time(-90_000) }))).toEqual(['coinbase'])
    expect(analyse(body({ time: time(30_001) })).depth[0]?.book_at).toBe(POLL_AT - 29_751)
  })

  test('whose bytes are not those that came', () => {
    const [good] = body({})
    const other = bodyOf('coinbase', around(101))
    for (const changed of [{ body: other }, { sha256: null }, { body: null }]) {
      expect(verdicts([{ ...good!, ...changed }])).toEqual(['coinbase invalid_body'])
    }
  })

  test('whose exchange nobody knows', () => {
    const records = [{ ...body({})[0]!, exchange: 'nowhere' }]
    expect(verdicts(records, { exchanges: ['nowhere'] })).toEqual(['nowhere invalid_body'])
  })

  test('where the poll failed, was never done, or left no record', () => {
    const records = [
      failure('coinbase', MARKET, { error: 'http_status', status: 502, detail: '502 Bad Gateway' }),
      notPolled('kraken', MARKET),
      answer('gemini', MARKET, bodyOf('gemini', around(100))),
    ]
    const { depth, analytics } = analyse(records, { exchanges: EXCHANGES })
    expect(depth.map(({ reason, detail, status }) => [reason, detail, status])).toEqual([
      ['http_status', '502 Bad Gateway', 502],
      ['not_polled', 'nobody asked, because the poller was down', null],
      ['no_record', 'the round holds no record of it', null],
      [null, null, 200],
    ])
    expect(depth[1]).toMatchObject({ requested_at: null, responded_at: null, sha256: null })
    expect(analytics[0]).toMatchObject({ buy_exchange: 'gemini', mid_exchanges: ['gemini'] })
    expect(analytics[0]?.exchanges.map(({ usable }) => usable)).toEqual([false, false, false, true])
  })
})

describe('an outlier', () => {
  test('of three or more is left out beyond 5 % of the median, not at it', () => {
    const three = (mid: number) => {
      return verdicts(answers({ coinbase: around(100), kraken: around(100), gemini: around(mid) }))
    }
    expect(three(105)).toEqual(['coinbase', 'kraken', 'gemini'])
    expect(three(105.01)).toEqual(['coinbase', 'kraken', 'gemini outlier'])
    expect(three(94.99)).toEqual(['coinbase', 'kraken', 'gemini outlier'])
    const { depth } = analyse(
      answers({ coinbase: around(100), kraken: around(90), gemini: around(100) }),
    )
    expect(depth[1]?.detail).toBe('mid price 90 is over 5 % from the median 100 of 3 books')
  })

  test('of four is measured from halfway between the middle two', () => {
    const mids = {
      coinbase: around(100),
      kraken: around(102),
      bitstamp: around(110),
      gemini: around(101),
    }
    // The median is 101.5, and 5 % of it 5.075.
    expect(verdicts(answers(mids))).toEqual(['coinbase', 'kraken', 'bitstamp outlier', 'gemini'])
    const near = { ...mids, bitstamp: around(106.575) }
    expect(verdicts(answers(near))).toEqual(['coinbase', 'kraken', 'bitstamp', 'gemini'])
  })

  test('cannot be told of two: both are flagged and used', () => {
    const two = answers({ coinbase: around(100), kraken: around(111) })
    expect(verdicts(two)).toEqual(['coinbase far_apart', 'kraken far_apart'])
    // The median is 105, and 5 % of it 5.25.
    const near = answers({ coinbase: around(99.75), kraken: around(110.25) })
    expect(verdicts(near)).toEqual(['coinbase', 'kraken'])
    const { analytics } = analyse(two)
    expect(analytics[0]).toMatchObject({ average_mid_price: '105.5', buy_exchange: 'coinbase' })
  })

  test('is looked for among usable books alone', () => {
    const empty = { bids: [], asks: [] }
    const records = answers({ coinbase: around(100), kraken: around(120), gemini: empty })
    expect(verdicts(records)).toEqual(['coinbase far_apart', 'kraken far_apart', 'gemini empty'])
  })
})

describe('the same body as in the poll before', () => {
  const records = answers({ coinbase: around(100), kraken: around(100), gemini: around(100) })

  test('is flagged where it carries no time, and used', () => {
    const { bodies } = analyse(records)
    expect(Object.keys(bodies)).toEqual(['coinbase/BTC-USD', 'kraken/BTC-USD', 'gemini/BTC-USD'])
    expect(verdicts(records, { before: bodies })).toEqual([
      'coinbase',
      'kraken same_body',
      'gemini same_body',
    ])
    expect(verdicts(records, { before: { ...bodies, 'kraken/BTC-USD': 'another' } })).toEqual([
      'coinbase',
      'kraken',
      'gemini same_body',
    ])
  })

  test('means that poll alone: a failure in between is forgotten with it', () => {
    const down = [failure('kraken', MARKET, { error: 'timeout', detail: '10 s' })]
    expect(analyse(down, { before: analyse(records).bodies }).bodies).toEqual({})
  })
})

describe('a round', () => {
  test('gives its records by market, then by exchange, whatever the order of the answers', () => {
    const markets = ['ETH-USD', 'BTC-USD']
    const exchanges = ['kraken', 'coinbase']
    const records = markets.flatMap((market) =>
      exchanges.map((exchange) => answer(exchange, market, bodyOf(exchange, around(100)))),
    )
    const { depth, analytics } = analyse(records, { exchanges, markets })
    expect(depth.map(({ exchange, market }) => `${exchange} ${market}`)).toEqual([
      'kraken ETH-USD',
      'coinbase ETH-USD',
      'kraken BTC-USD',
      'coinbase BTC-USD',
    ])
    expect(analytics.map(({ market }) => market)).toEqual(markets)
    const turned = analyse(records.toReversed(), { exchanges, markets })
    expect(JSON.stringify([turned.depth, turned.analytics])).toBe(
      JSON.stringify([depth, analytics]),
    )
  })

  test('counts the first record of an exchange and market, and nothing that came late', () => {
    const [first] = answers({ kraken: around(100) })
    const [second] = answers({ kraken: around(200) })
    const late = { ...second!, kind: 'late' as const }
    expect(analyse([late, first!, second!]).depth[0]?.mid_price).toBe('100')
    expect(verdicts([late])).toEqual(['kraken no_record'])
  })

  test('without exchanges still has its analytics', () => {
    const { depth, analytics } = analyse([], { exchanges: [] })
    expect(depth).toEqual([])
    expect(analytics[0]).toMatchObject({ average_mid_price: null, exchanges: [], buy_price: null })
  })
})
