/** The committed live page in a real Chromium, from its file: the same numbers and reasons as in Node, and no request. */
import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LIVE_PAGE, livePage } from '../../scripts/live-page.js'
import { chromiumPath, launchChromium, Offences } from '../testing/chromium.js'
import type { TickRow } from '../wire/tick-message.js'
import { HOSTILE_SAMPLES } from './hostile-samples.js'
import { BATCHES_PER_TICK, LiveBook } from './live-book.js'

const SEED = 2026
const TICKS = 20
const path = chromiumPath()
if (path === undefined) {
  console.warn('SKIPPED: the live page is not tested, for there is no Chromium')
}

describe('docs/live/index.html', () => {
  it('is what the build makes', async () => {
    const isFresh = readFileSync(LIVE_PAGE, 'utf8') === (await livePage())
    expect(isFresh, 'docs/live/index.html is old: run `make live-page`').toBe(true)
  })
})

describe.skipIf(path === undefined)('the live page', () => {
  const offences = new Offences()
  const requests: string[] = []
  let browser: Browser

  /** Its clock is the test's, so that a second is a second, however slow the machine. */
  async function open(width: number, reducedMotion: 'reduce' | 'no-preference' = 'no-preference') {
    const page = await browser.newPage({ viewport: { width, height: 900 }, reducedMotion })
    await offences.watch(page, new URL('.', LIVE_PAGE).href.slice(0, -1))
    page.on('request', (request) => requests.push(request.url()))
    await page.clock.install({ time: 0 })
    await page.clock.pauseAt(1000)
    await page.goto(LIVE_PAGE.href)
    await page.clock.runFor(TICKS * 1000)
    return page
  }

  beforeAll(async () => {
    browser = await launchChromium(path!)
  })
  afterAll(async () => browser?.close())

  it('shows the numbers that Node has for the same seed, and those of doubles', async () => {
    const page = await open(1440)
    const book = playedBook()
    const symbols = [...new Set(book.rows().map((row) => row.symbol))]
    expect(symbols).toHaveLength(2)
    await page.getByRole('switch', { name: 'What doubles would print' }).check()
    for (const symbol of symbols) {
      await page.getByRole('combobox', { name: 'Symbol' }).selectOption(symbol)
      for (const side of ['sell', 'buy']) {
        const rows = book.rows().filter((row) => row.symbol === symbol && row.side.startsWith(side))
        const shown = await shownSide(page, side)
        expect(rows).toHaveLength(15)
        expect(shown.map(({ ours }) => ours)).toEqual(rows.map(numbersOf))
        const doubles = book.doubles.rows(rows).map((row) => Object.values(row!))
        expect(shown.map((row) => row.doubles)).toEqual(doubles)
        const differences = rows.map((row, at) =>
          numbersOf(row)
            .slice(1)
            .map((text, field) => text !== doubles[at]![field]),
        )
        expect(shown.map((row) => row.marked)).toEqual(differences)
        expect(differences.flat()).toContain(true)
      }
    }
    const close = book.lastClose!
    expect(await page.locator('#close-record').textContent()).toBe(close.record)
    expect(await page.locator('#close-effect').textContent()).toContain(
      `${close.symbol} ${close.side} ${close.size} at ${close.price}. The level held ${close.before}`,
    )
    await page.close()
  })

  it('judges hostile records as Node does, and shows them as text alone', async () => {
    const page = await open(1440)
    const book = playedBook()
    await page.getByRole('button', { name: 'Pause' }).click()
    for (const { name, records } of HOSTILE_SAMPLES) {
      await page.getByRole('combobox', { name: 'Record' }).selectOption(name)
      await page.getByRole('button', { name: 'Send' }).click()
      const expected = records.map((record) => {
        const { counts, outcome, detail } = book.feed(record)
        return `${counts}: ${outcome}${detail === '' ? '' : ` (${detail})`}`
      })
      const shown = await page.locator('#verdicts li').allTextContents()
      expect(shown.slice(0, records.length).reverse()).toEqual(expected)
    }
    await page.getByRole('combobox', { name: 'Record' }).selectOption('A record of your own')
    const own =
      '{"order_id":"<b>","symbol":"OWN","order_side":"BUY","size":1,"price":2,"status":"OPEN"}'
    await page.locator('#record').fill(own)
    await page.getByRole('button', { name: 'Send' }).click()
    expect(await page.getByRole('status').textContent()).toBe('applied: opened ')
    expect(await page.locator('#symbol option').allTextContents()).toContain('OWN')
    expect(await page.locator('main img, main li b b').count()).toBe(0)
    await page.close()
  })

  it('is worked by keyboard, fits a phone, and does not move where nobody wants it', async () => {
    const page = await open(360, 'reduce')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await page.getByRole('button', { name: 'Pause', pressed: true }).count()).toBe(1)
    const tick = await page.locator('#tick').textContent()
    await page.clock.runFor(3000)
    expect(await page.locator('#tick').textContent()).toBe(tick)
    await page.keyboard.press('p')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Space')
    expect(await page.getByRole('switch', { checked: true }).count()).toBe(1)
    await page.clock.runFor(2000)
    expect(await page.locator('#tick').textContent()).toBe(`${TICKS + 2}`)
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360)
    expect(await page.evaluate('document.getAnimations().length')).toBe(0)
    await page.close()
  })

  it('asks for nothing but itself, and breaks no rule of its policy', () => {
    expect(new Set(requests)).toEqual(new Set([LIVE_PAGE.href]))
    expect(offences.seen).toEqual([])
  })
})

function playedBook(): LiveBook {
  const book = new LiveBook(SEED)
  for (let batch = 0; batch < TICKS * BATCHES_PER_TICK; batch++) book.applyBatch()
  return book
}

function numbersOf({ price, amount, total, cumSum }: TickRow): string[] {
  return [price, amount, total, cumSum]
}

/** One side of the ladder as it is on the screen, best price first. */
async function shownSide(page: Page, side: string) {
  const rows = await page.locator(`#ladder tr.${side}`).evaluateAll((all) =>
    all.map((row) => {
      const texts = (of: string) => [...row.querySelectorAll(of)].map((cell) => cell.textContent!)
      const doubles = [...row.querySelectorAll('.double')]
      return {
        ours: texts('.ours'),
        doubles: doubles.map((cell) => cell.textContent!.replace('≠\u00a0', '')),
        marked: doubles.map((cell) => cell.classList.contains('wrong')),
      }
    }),
  )
  return side === 'sell' ? rows.reverse() : rows
}
