/** The exchange view: one card a market, made of the rounds of the last hour. */
import { byId } from './dom.js'
import { MarketCard } from './market-card.js'

/** @import { Round } from './api-types.js' */

const KEPT_MS = 3_600_000

export class Exchanges {
  /** By market, ascending by time. @type {Map<string, Round[]>} */
  #rounds = new Map()
  /** @type {Map<string, MarketCard>} */
  #cards = new Map()

  /** Asks for what came before the stream; call it again after a break. */
  async load() {
    const response = await fetch('/api/v1/rounds?since=1h').catch(() => undefined)
    if (response === undefined) return
    const body = await response.json().catch(() => undefined)
    if (Array.isArray(body)) {
      for (const round of body) this.#put(round)
      this.#draw()
    } else if (typeof body?.message === 'string') {
      // Text from outside: the server's own words.
      byId('no-rounds').textContent = body.message
    }
  }

  /** @param {Round} round */
  take(round) {
    this.#put(round)
    this.#draw(round.market)
  }

  /** @param {Round} round */
  #put(round) {
    const rounds = (this.#rounds.get(round.market) ?? []).filter(
      ({ poll_at }) => poll_at !== round.poll_at,
    )
    rounds.push(round)
    rounds.sort((a, b) => a.poll_at - b.poll_at)
    const newest = rounds.at(-1)?.poll_at ?? 0
    this.#rounds.set(
      round.market,
      rounds.filter(({ poll_at }) => poll_at > newest - KEPT_MS),
    )
  }

  /** @param {string} [only] the market that changed */
  #draw(only) {
    byId('no-rounds').hidden = this.#rounds.size > 0
    for (const market of [...this.#rounds.keys()].sort()) {
      if (only !== undefined && market !== only) continue
      let card = this.#cards.get(market)
      if (card === undefined) {
        card = new MarketCard(market)
        this.#cards.set(market, card)
        byId('markets').append(card.element)
      }
      card.draw(this.#rounds.get(market) ?? [])
    }
  }
}
