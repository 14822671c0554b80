/** One market's card: mid price over time, the preferred exchange, prices of a large order, and how polls went. */
import { clockText } from './age.js'
import { unitsOf } from './book-view.js'
import { make } from './dom.js'
import { LINE_STYLES, MidChart } from './mid-chart.js'
import { writeNumber } from './number-text.js'
import { drawPolls } from './poll-strip.js'
import { notionalText, pricesFor, tableNotional } from './round-prices.js'

/** @import { Round } from './api-types.js' */

export class MarketCard {
  #time = make('span', 'unit')
  #mid = make('b', 'number')
  #forWhat = make('caption', '')
  #preferred = make('tbody', '')
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
    const columns = ['', 'Exchange', 'Average price', 'Ahead of the next']
    const preferred = tableOf(this.#forWhat, columns, this.#preferred)
    preferred.classList.add('preferred')
    const prices = tableOf(this.#caption, ['Exchange', 'Buy', 'Sell'], this.#rows)
    const tables = make('div', 'scroller', preferred, prices)
    this.element = make('article', 'card', head, tables, box, this.#legend, this.#polls)
    this.element.dataset.market = market
    this.#chart = new MidChart(box)
  }

  /** @param {readonly Round[]} rounds ascending */
  draw(rounds) {
    const newest = rounds.at(-1)
    if (newest === undefined) return
    const exchanges = newest.exchanges.map(({ exchange }) => exchange)
    this.element.dataset.pollAt = String(newest.poll_at)
    const order = `${notionalText(newest.notional)} ${this.#quote} order`
    this.#forWhat.textContent = `Preferred exchange for a ${order}`
    this.#time.textContent = `polled ${clockText(newest.poll_at)} UTC`
    if (newest.average_mid_price === null) this.#mid.textContent = 'no usable book'
    else writeNumber(this.#mid, newest.average_mid_price)
    this.#preferred.replaceChildren(preferredRow(newest, 'buy'), preferredRow(newest, 'sell'))
    this.#drawPrices(newest)
    this.#drawLegend(exchanges)
    this.#chart.draw(rounds, exchanges)
    drawPolls(this.#polls, rounds, exchanges)
  }

  /** @param {Round} round */
  #drawPrices(round) {
    const notional = tableNotional(round)
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
  else writeNumber(number, price)
  if (isBest) cell.prepend(make('span', 'best-mark', 'best '))
  return cell
}

/**
 * @param {Round} round
 * @param {'buy' | 'sell'} side
 */
function preferredRow(round, side) {
  const exchange = side === 'buy' ? round.buy_exchange : round.sell_exchange
  const price = side === 'buy' ? round.buy_price : round.sell_price
  const advantage = side === 'buy' ? round.buy_advantage_bps : round.sell_advantage_bps
  const head = make('th', '', side === 'buy' ? 'Buy' : 'Sell')
  head.scope = 'row'
  if (exchange === null || price === null) {
    const none = make('td', '', 'no exchange holds as much')
    none.colSpan = 3
    return make('tr', '', head, none)
  }
  const number = make('span', 'number')
  writeNumber(number, price)
  const than = make('span', 'number')
  if (advantage === null) than.textContent = 'alone'
  else writeNumber(than, advantage)
  const row = make('tr', '', head, make('td', '', make('b', '', exchange)), make('td', '', number))
  row.append(make('td', 'advantage', than, advantage === null ? '' : ' bps'))
  row.dataset.side = side
  return row
}

/**
 * @param {HTMLTableCaptionElement} caption
 * @param {readonly string[]} columns
 * @param {HTMLTableSectionElement} rows
 */
function tableOf(caption, columns, rows) {
  const heads = columns.map((name) => {
    const cell = make('th', '', name)
    cell.scope = 'col'
    return cell
  })
  return make('table', 'prices', caption, make('thead', '', make('tr', '', ...heads)), rows)
}
