/** One market's card: mid price over time, the preferred exchange, prices of a large order, and how polls went. */
import { clockText } from './age.js'
import { unitsOf } from './book-view.js'
import { make } from './dom.js'
import { LINE_STYLES, MidChart } from './mid-chart.js'
import { writeNumber } from './number-text.js'
import { drawPolls } from './poll-strip.js'
import { notionalText, pricesFor, tableNotional } from './round-prices.js'

/** @import { Round } from './api-types.js' */

/** What the preferred exchange is preferred for, by the contract of the analytics. */
const PREFERRED_FOR = '50,000'

export class MarketCard {
  #time = make('span', 'unit')
  #mid = make('b', 'number')
  #preferred = make('dl', 'preferred')
  #legend = make('ul', 'lines')
  #caption = make('caption', '')
  #rows = make('tbody', '')
  #polls = make('ul', 'polls')
  /** @type {MidChart} */
  #chart
  /** @type {string} */
  #quote
  /** @type {string} */
  #market

  /** @param {string} market */
  constructor(market) {
    this.#market = market
    this.#quote = unitsOf(market).quote
    const box = make('div', 'chart mids')
    box.setAttribute('role', 'img')
    box.setAttribute('aria-label', `Mid prices of ${market} over the last hour`)
    const mid = make('p', 'average', 'average mid ', this.#mid)
    const head = make('header', '', make('h3', '', market), mid, this.#time)
    const columns = ['Exchange', 'Buy', 'Sell'].map((name) => {
      const cell = make('th', '', name)
      cell.scope = 'col'
      return cell
    })
    const table = make(
      'table',
      'prices',
      this.#caption,
      make('thead', '', make('tr', '', ...columns)),
      this.#rows,
    )
    const scroller = make('div', 'scroller', table)
    this.element = make(
      'article',
      'card',
      head,
      this.#preferred,
      scroller,
      box,
      this.#legend,
      this.#polls,
    )
    this.element.dataset.market = market
    this.#chart = new MidChart(box)
  }

  /** @param {readonly Round[]} rounds ascending */
  draw(rounds) {
    const newest = rounds.at(-1)
    if (newest === undefined) return
    const exchanges = newest.exchanges.map(({ exchange }) => exchange)
    this.element.dataset.pollAt = String(newest.poll_at)
    this.#time.textContent = `polled ${clockText(newest.poll_at)} UTC`
    if (newest.average_mid_price === null) this.#mid.textContent = 'no usable book'
    else writeNumber(this.#mid, newest.average_mid_price, true)
    this.#preferred.replaceChildren(
      ...preferredRow(newest, 'buy', this.#quote),
      ...preferredRow(newest, 'sell', this.#quote),
    )
    this.#drawPrices(newest)
    this.#drawLegend(exchanges)
    this.#chart.draw(rounds, exchanges)
    drawPolls(this.#polls, rounds, exchanges)
  }

  /** @param {Round} round */
  #drawPrices(round) {
    const notional = tableNotional(round)
    if (notional === undefined) return
    this.#caption.textContent = `Average price of a ${notionalText(notional)} ${this.#quote} order`
    this.#rows.replaceChildren(
      ...pricesFor(round, notional).map(({ exchange, usable, buy, sell }) => {
        const head = make('th', '', exchange)
        head.scope = 'row'
        const row = make('tr', usable ? '' : 'unusable', head, priceCell(buy), priceCell(sell))
        row.dataset.exchange = exchange
        return row
      }),
    )
  }

  /** @param {readonly string[]} exchanges */
  #drawLegend(exchanges) {
    const items = exchanges.map((name, at) => make('li', `line-${at % LINE_STYLES}`, name))
    this.#legend.replaceChildren(make('li', 'line-average', 'average'), ...items)
    this.#legend.setAttribute('aria-label', `Lines of the chart of ${this.#market}`)
  }
}

/** @param {{ price: string | null, isBest: boolean }} cell */
function priceCell({ price, isBest }) {
  const number = make('span', 'number')
  const cell = make('td', isBest ? 'best' : '', number)
  if (price === null) number.textContent = '–'
  else writeNumber(number, price, true)
  if (isBest) cell.prepend(make('span', 'best-mark', 'best '))
  return cell
}

/**
 * @param {Round} round
 * @param {'buy' | 'sell'} side
 * @param {string} quote
 */
function preferredRow(round, side, quote) {
  const exchange = side === 'buy' ? round.buy_exchange : round.sell_exchange
  const price = side === 'buy' ? round.buy_price : round.sell_price
  const advantage = side === 'buy' ? round.buy_advantage_bps : round.sell_advantage_bps
  const term = make('dt', '', `${side === 'buy' ? 'Buy' : 'Sell'} ${PREFERRED_FOR} ${quote}`)
  if (exchange === null || price === null) {
    return [term, make('dd', '', 'no exchange holds as much')]
  }
  const number = make('span', 'number')
  writeNumber(number, price, true)
  const than = advantage === null ? 'alone' : `${advantage} bps better than the next`
  return [
    term,
    make('dd', '', make('b', '', exchange), ' at ', number, ' ', make('span', 'unit', than)),
  ]
}
