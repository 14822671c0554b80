/** The judge of rounds must find every forgery, or its silence says nothing. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { ExchangeDepth, MarketAnalytics } from '../wire/exchange-records.js'
import { type PollRecord, type RoundsScene, verdictOf } from './judge-rounds.js'

const SCENE: RoundsScene = {
  brokers: '',
  input: 'books',
  depth: 'depth',
  analytics: 'analytics',
  exchanges: ['coinbase', 'kraken'],
  markets: ['BTC-USD'],
  periodMs: 1_000,
  acknowledged: [1_000, 3_000],
}
const TIMES = [1_000, 2_000, 3_000]

function recordAt(poll_at: number, change: Partial<PollRecord>): PollRecord {
  return {
    kind: 'answer',
    poll_at,
    exchange: null,
    market: null,
    sha256: null,
    body: null,
    ...change,
  }
}

/** Three rounds as they must be. */
function world() {
  const body = Buffer.from('a body')
  const sha256 = createHash('sha256').update(body).digest('hex')
  const answer = { market: 'BTC-USD', sha256, body: body.toString('base64') }
  const polls = TIMES.flatMap((at) => [
    recordAt(at, { ...answer, exchange: 'kraken' }),
    recordAt(at, { ...answer, exchange: 'coinbase' }),
    recordAt(at, { kind: 'round_complete' }),
  ])
  const depth = TIMES.flatMap((poll_at) =>
    SCENE.exchanges.map((exchange) => ({ poll_at, exchange, market: 'BTC-USD' })),
  ) as ExchangeDepth[]
  const analytics = TIMES.map((poll_at) => ({ poll_at, market: 'BTC-USD' })) as MarketAnalytics[]
  return { polls, depth, analytics }
}

type World = ReturnType<typeof world>

const FORGERIES: Record<string, (world: World) => void> = {
  'a record that is missing': ({ polls }) => polls.splice(3, 1),
  'a record that is there twice': ({ polls }) => polls.splice(3, 0, polls[3]!),
  'a record of another round': ({ polls }) => polls.splice(3, 1, polls[0]!),
  'a record after its round': ({ polls }) => polls.splice(3, 0, ...polls.splice(1, 1)),
  'a round that is missing': ({ polls, depth, analytics }) => {
    polls.splice(3, 3)
    depth.splice(2, 2)
    analytics.splice(1, 1)
  },
  'a round that is not complete': ({ polls }) => polls.splice(5, 1),
  'a round that is there twice': ({ polls }) => polls.splice(3, 0, ...polls.slice(0, 3)),
  'another body': ({ polls }) => polls.splice(0, 1, { ...polls[0]!, body: 'AAAA' }),
  'depth that is missing': ({ depth }) => depth.pop(),
  'depth that is there twice': ({ depth }) => depth.push(depth[5]!),
  'analytics that are missing': ({ analytics }) => analytics.shift(),
  'analytics that are there twice': ({ analytics }) => analytics.push(analytics[2]!),
  'an acknowledged round that is lost': ({ polls, depth, analytics }) => {
    polls.splice(6, 3)
    depth.splice(4, 2)
    analytics.splice(2, 1)
  },
}

describe('the judge of rounds', () => {
  it('finds nothing where nothing is wrong, late answers or not', () => {
    const right = world()
    right.polls.splice(4, 0, recordAt(1_000, { kind: 'late', exchange: 'kraken' }))
    expect(verdictOf(SCENE, right)).toEqual({
      rounds: 3,
      answers: 6,
      failures: 0,
      notPolled: 0,
      analytics: 3,
      findings: [],
    })
  })

  it.each(Object.keys(FORGERIES))('finds %s', (name) => {
    const forged = world()
    FORGERIES[name]!(forged)
    expect(verdictOf(SCENE, forged).findings).not.toEqual([])
  })
})
