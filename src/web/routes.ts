/** The API as a table: each path with its parameters, what it answers, and the schema of that. */
import { type Answer, type Refusal, refusal } from './answer.js'
import { bookAnswer, noTick, symbolsAnswer } from './book-answers.js'
import type { EventLog } from './event-log.js'
import { bestAnswer, type RoundQuery, roundsAnswer } from './exchange-answers.js'
import { BookHistory, MAX_HISTORY_TICKS } from './history.js'
import { LakeAnswers } from './lake-answers.js'
import {
  amount,
  choice,
  market,
  type Parameters,
  readParameters,
  second,
  since,
  symbol,
  type Values,
  whole,
} from './parameters.js'
import type { Lake, Now, TickHistory, TickRange } from './ports.js'
import { ROUNDS_KEPT_MS } from './round-feed.js'
import type { SchemaName } from './schemas.js'
import { type StatusSource, statusBody } from './status.js'

export interface Route {
  /** As OpenAPI writes it, such as `/api/v1/books/{symbol}`. */
  readonly path: string
  readonly summary: string
  readonly parameters: Parameters
  readonly schema: SchemaName
  /** True where `format=csv` can be asked for. */
  readonly hasTable: boolean
  answer(given: Readonly<Record<string, unknown>>): Promise<Answer | Refusal>
}

export interface ApiSource extends StatusSource {
  readonly events: EventLog
  readonly history: TickHistory
  readonly lake: Lake
  readonly now: Now
}

const FORMAT = { format: choice('How the answer is written.', ['json', 'csv'], 'json') }

export function apiRoutes(source: ApiSource): Route[] {
  return [
    ...bookRoutes(source),
    historyRoute(source),
    statusRoute(source),
    ...lakeRoutes(source),
    bestRoute(source),
    roundsRoute(source),
  ]
}

const levels = (fallback: number) => {
  return whole('Levels a side at most.', { min: 1, max: 1000, fallback })
}

function bookRoutes({ ticks, now }: ApiSource): Route[] {
  return [
    route({
      path: '/api/v1/symbols',
      summary: 'The symbols of the newest tick with their best prices',
      parameters: { ...FORMAT },
      schema: 'Symbols',
      answer: () => symbolsAnswer(ticks.newest, now()),
    }),
    route({
      path: '/api/v1/books/{symbol}',
      summary: 'One book, best prices first',
      parameters: { symbol: symbol(), levels: levels(15), ...FORMAT },
      schema: 'Book',
      answer: (query) => bookAnswer(ticks.newest, { ...query, nowMs: now() }),
    }),
  ]
}

function historyRoute({ ticks, events, history: topic }: ApiSource): Route {
  const history = new BookHistory(events, topic)
  return route({
    path: '/api/v1/books/{symbol}/history',
    summary: `One book tick by tick, at most ${MAX_HISTORY_TICKS} of them`,
    parameters: {
      symbol: symbol(),
      from: second('The first tick; default: a minute before the last.'),
      to: second('The last tick, included; default: the newest.'),
      levels: levels(1),
      ...FORMAT,
    },
    schema: 'History',
    answer: ({ symbol, from, to, levels }) => {
      if (ticks.newest === undefined) return noTick()
      const range = rangeOf({ from, to }, ticks.newest.tick)
      return 'status' in range ? range : history.answer({ symbol, levels, range })
    },
  })
}

function statusRoute(source: ApiSource): Route {
  return route({
    path: '/api/v1/status',
    summary: 'How the processor and this server are',
    parameters: {},
    schema: 'Status',
    answer: () => ({ body: statusBody(source, source.now()) }),
  })
}

function rangeOf(
  { from, to }: { from: number | undefined; to: number | undefined },
  newest: number,
): TickRange | Refusal {
  const last = to ?? Math.max(newest, from ?? 0)
  const first = from ?? Math.max(0, last - 59)
  if (first > last) return refusal(400, `from: ${first} comes after to, ${last}`)
  return { from: first, to: last }
}

function lakeRoutes({ lake, now }: ApiSource): Route[] {
  const answers = new LakeAnswers(lake)
  const parameters = { since: since('24h'), market: market(), ...FORMAT }
  const ask = (question: 'mid' | 'depth') => (query: Values<typeof parameters>) => {
    const nowMs = now()
    return answers.answer(question, { since: query.since(nowMs), market: query.market }, nowMs)
  }
  return [
    route({
      path: '/api/v1/mid',
      summary: 'The average mid price of each minute and market, from the lake',
      parameters,
      schema: 'Mid',
      answer: ask('mid'),
    }),
    route({
      path: '/api/v1/depth',
      summary: 'Each exchange book with the prices of market orders, from the lake',
      parameters,
      schema: 'Depth',
      answer: ask('depth'),
    }),
  ]
}

const ROUND_PARAMETERS = { since: since('1h'), market: market() }

function bestRoute({ rounds, now }: ApiSource): Route {
  return route({
    path: '/api/v1/best',
    summary: 'The best exchange of each minute and market for an order',
    parameters: {
      side: choice('What the order does.', ['buy', 'sell']),
      notional: amount('What is to be spent or received, in quote units.', '50000'),
      ...ROUND_PARAMETERS,
      ...FORMAT,
    },
    schema: 'Best',
    answer: ({ side, notional, ...query }) => {
      const wanted = wantedRounds(query, now())
      return 'status' in wanted ? wanted : bestAnswer(rounds, { side, notional, ...wanted })
    },
  })
}

function roundsRoute({ rounds, now }: ApiSource): Route {
  return route({
    path: '/api/v1/rounds',
    summary: 'The newest rounds of the exchanges',
    parameters: ROUND_PARAMETERS,
    schema: 'Rounds',
    answer: (query) => {
      const wanted = wantedRounds(query, now())
      return 'status' in wanted ? wanted : roundsAnswer(rounds, wanted)
    },
  })
}

function wantedRounds(
  { since, market }: Values<typeof ROUND_PARAMETERS>,
  nowMs: number,
): RoundQuery | Refusal {
  const sinceMs = since(nowMs)
  if (sinceMs >= nowMs - ROUNDS_KEPT_MS - 1000) return { sinceMs, market }
  return refusal(400, 'since: at most 24h back; /api/v1/depth reads further')
}

/** Puts the reading of the parameters before the answer, which gets them with their types. */
function route<P extends Parameters>(spec: {
  readonly path: string
  readonly summary: string
  readonly parameters: P
  readonly schema: SchemaName
  answer(values: Values<P>): Answer | Refusal | Promise<Answer | Refusal>
}): Route {
  const { path, summary, parameters, schema } = spec
  return {
    path,
    summary,
    parameters,
    schema,
    hasTable: 'format' in parameters,
    async answer(given) {
      const read = readParameters(parameters, given)
      return 'values' in read ? spec.answer(read.values) : read
    },
  }
}
