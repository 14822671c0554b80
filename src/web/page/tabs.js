/** The symbols as tabs: one of them in the tab order, arrow keys between them. */
import { byId, make } from './dom.js'

export class Tabs {
  #list = byId('tabs')
  /** @type {(symbol: string) => void} */
  #onSelect
  /** @type {readonly string[]} */
  #symbols = []

  /** @param {(symbol: string) => void} onSelect */
  constructor(onSelect) {
    this.#onSelect = onSelect
    this.#list.addEventListener('keydown', (event) => this.#onKey(event))
  }

  /**
   * @param {readonly string[]} symbols
   * @param {string | undefined} selected
   * @param {readonly string[]} crossed
   */
  draw(symbols, selected, crossed) {
    if (symbols.join('\n') !== this.#symbols.join('\n')) this.#build(symbols)
    for (const [at, tab] of [...this.#list.children].entries()) {
      const symbol = String(symbols[at])
      const isSelected = symbol === selected
      tab.setAttribute('aria-selected', String(isSelected))
      tab.setAttribute('tabindex', isSelected ? '0' : '-1')
      const text = crossed.includes(symbol) ? `${symbol} (crossed)` : symbol
      if (tab.textContent !== text) tab.textContent = text
      if (isSelected) byId('panel').setAttribute('aria-labelledby', tab.id)
    }
  }

  /** @param {readonly string[]} symbols */
  #build(symbols) {
    const focused = this.#symbols[this.#placeOf(document.activeElement)]
    this.#symbols = symbols
    this.#list.replaceChildren(
      ...symbols.map((symbol, at) => {
        const tab = make('button', 'tab', symbol)
        tab.type = 'button'
        tab.id = `tab-${at}`
        tab.setAttribute('role', 'tab')
        tab.setAttribute('aria-controls', 'panel')
        tab.addEventListener('click', () => this.#onSelect(symbol))
        return tab
      }),
    )
    // A symbol that comes or goes must not throw anyone out of the tabs.
    if (focused !== undefined) this.#focus(Math.max(0, symbols.indexOf(focused)))
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const at = this.#placeOf(event.target)
    const last = this.#symbols.length - 1
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: last }[event.key]
    if (at === -1 || to === undefined) return
    event.preventDefault()
    const next = to < 0 ? last : to > last ? 0 : to
    this.#onSelect(String(this.#symbols[next]))
    this.#focus(next)
  }

  /** @param {EventTarget | null} tab */
  #placeOf(tab) {
    return tab instanceof Element ? [...this.#list.children].indexOf(tab) : -1
  }

  /** @param {number} at */
  #focus(at) {
    const tab = /** @type {HTMLElement | undefined} */ (this.#list.children[at])
    tab?.focus()
  }
}
