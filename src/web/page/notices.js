/** What the page says about itself: a lost connection, ticks that it did not get; and the one voice for screen readers. */
import { clockText } from './age.js'
import { byId, make } from './dom.js'

/** @import { GapEvent } from './api-types.js' */

const MAX_GAPS = 3

export class Notices {
  #box = byId('notices')
  #connection = make('p', 'notice bad')
  /** @type {HTMLElement[]} */
  #gaps = []
  #isLost = false

  lost() {
    if (this.#isLost) return
    this.#isLost = true
    this.#connection.textContent =
      'Connection to the server lost: what is shown is old. Reconnecting…'
    this.#box.prepend(this.#connection)
    announce('Connection lost. Reconnecting.')
  }

  connected() {
    if (!this.#isLost) return
    this.#isLost = false
    this.#connection.remove()
    announce('Connected again.')
  }

  /** @param {GapEvent} gap */
  gap({ from, to }) {
    const count = to - from + 1
    const text = `${count} ${count === 1 ? 'tick' : 'ticks'} from ${clockText(from * 1000)} to ${clockText(to * 1000)} UTC did not reach this page; the server no longer has them.`
    const button = make('button', 'plain', 'Dismiss')
    button.type = 'button'
    const notice = make('p', 'notice warn', `${text} `, button)
    button.addEventListener('click', () => notice.remove())
    this.#gaps.push(notice)
    if (this.#gaps.length > MAX_GAPS) this.#gaps.shift()?.remove()
    this.#box.append(notice)
    announce(text)
  }
}

/**
 * Says something once to those who listen rather than look.
 *
 * @param {string} text
 */
export function announce(text) {
  byId('announcer').textContent = text
}
