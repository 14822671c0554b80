/** What the page shows, read off its elements as a person would read it. */
import type { Page } from 'playwright-core'

/** A ladder as it stood when a tick was drawn; rows best price first. */
export interface ShownLadder {
  readonly tick: number
  readonly symbol: string
  readonly mid: string
  readonly spread: string
  readonly bps: string
  readonly asks: readonly (readonly string[])[]
  readonly bids: readonly (readonly string[])[]
}

/** Reads the ladder inside the page; a text, because the tests' own code has no document. */
const READ_LADDER = `(() => {
  const rowsOf = (id) => [...document.querySelectorAll('#' + id + ' tr')].map((row) =>
    [...row.children].map((cell) => cell.textContent))
  const textOf = (id) => document.getElementById(id).textContent
  const { tick, symbol } = document.getElementById('ladder').dataset
  return {
    tick: Number(tick), symbol, mid: textOf('mid'), spread: textOf('spread'), bps: textOf('bps'),
    asks: rowsOf('asks').reverse(), bids: rowsOf('bids'),
  }
})()`

export function shownLadder(page: Page): Promise<ShownLadder> {
  return page.evaluate(READ_LADDER)
}

/** Notes the ladder at every tick from now on. */
export async function recordLadders(page: Page): Promise<void> {
  await page.evaluate(`(() => {
    window.ladders = []
    new MutationObserver(() => window.ladders.push(${READ_LADDER})).observe(
      document.getElementById('ladder'), { attributes: true, attributeFilter: ['data-tick'] })
  })()`)
}

export function recordedLadders(page: Page): Promise<ShownLadder[]> {
  return page.evaluate('window.ladders')
}

/** Everything that a person sees and hears of the page's words. */
export function shownText(page: Page, selector: string): Promise<string> {
  return page.locator(selector).innerText()
}

/** Resolves where the page comes to say so. */
export async function untilText(page: Page, selector: string, pattern: RegExp): Promise<void> {
  await page.locator(selector, { hasText: pattern }).first().waitFor({ timeout: 15_000 })
}

/** The page may be longer than its window, but never wider. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  )
}
