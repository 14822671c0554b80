/** The page in a real Chromium, before the real chain: broker, run, emulate, poll, analyse and serve. */
import { setTimeout } from 'node:timers/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { add, type Decimal, parseDecimal, toText, ZERO } from '../book/decimal.js'
import { chromiumPath, launchChromium, Offences } from '../testing/chromium.js'
import { type PageChain, startPageChain } from '../testing/page-chain.js'
import {
  overflow,
  recordedLadders,
  recordLadders,
  type ShownLadder,
  shownLadder,
  shownText,
  untilText,
} from '../testing/shown-page.js'

const path = chromiumPath()
if (path === undefined) {
  console.warn(
    'SKIPPED: the page is not tested, for there is no Chromium (apt-get install chromium)',
  )
}

const TICKS = 30
const DESK = { width: 1440, height: 900 }
const PHONE = { width: 360, height: 780 }

describe.skipIf(path === undefined)('the page', () => {
  const offences = new Offences()
  let chain: PageChain
  let browser: Browser
  let recorder: Page

  async function open(viewport = DESK): Promise<Page> {
    const page = await browser.newPage({ viewport })
    await offences.watch(page, chain.url)
    await page.goto(`${chain.url}/`)
    await page.locator('#bids tr').nth(4).waitFor()
    return page
  }
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
  const api = async (at: string): Promise<any> => (await fetch(`${chain.url}/api/v1/${at}`)).json()

  beforeAll(async () => {
    chain = await startPageChain()
    browser = await launchChromium(path!)
    // It records while the other tests look at pages of their own.
    recorder = await open()
    await recordLadders(recorder)
  }, 60_000)
  afterAll(async () => {
    await browser?.close()
    await chain?.stop()
  })

  it('groups by price step without gaining or losing a digit, and bids never meet asks', async () => {
    const page = await open()
    await page.keyboard.press('p')
    await untilText(page, '#age', /paused: book as of/)
    const plain = await shownLadder(page)
    const steps = await page
      .locator('#step option')
      .evaluateAll((all) => all.map((option) => (option as unknown as { value: string }).value))
    expect(steps.length).toBeGreaterThan(3)
    for (const step of steps.slice(1)) {
      await page.locator('#step').selectOption(step)
      await expect
        .poll(async () => (await shownLadder(page)).asks.length)
        .toBeLessThanOrEqual(plain.asks.length)
      await setTimeout(50)
      const grouped = await shownLadder(page)
      expect(grouped.tick).toBe(plain.tick)
      expect(sumsOf(grouped)).toEqual(sumsOf(plain))
      expect(Number(grouped.bids[0]![0])).toBeLessThan(Number(grouped.asks[0]![0]))
      // The middle is that of the book, not of its groups.
      expect([grouped.mid, grouped.spread, grouped.bps]).toEqual([
        plain.mid,
        plain.spread,
        plain.bps,
      ])
    }
    await page.close()
  })

  it('stands still while it is paused, ladder and chart, and says so', async () => {
    const page = await open()
    await page.locator('#depth-chart canvas').waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    await setTimeout(900) // The flash of the last change may run out.
    const picture = () =>
      page
        .locator('#depth-chart canvas')
        .evaluate((canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL())
    const [ladder, chart] = [await shownLadder(page), await picture()]
    await expect
      .poll(async () => (await api('status')).tick, { timeout: 10_000 })
      .toBeGreaterThan(ladder.tick + 2)
    expect(await shownLadder(page)).toEqual(ladder)
    expect(await picture()).toBe(chart)
    expect(await shownText(page, '#announcer')).toMatch(/^Paused/)
    await page.getByRole('button', { name: 'Resume' }).click()
    await expect.poll(async () => (await shownLadder(page)).tick).toBeGreaterThan(ladder.tick)
    expect(await picture()).not.toBe(chart)
    await page.close()
  })

  it('is worked by keyboard alone', async () => {
    const page = await open()
    const focused = () =>
      page.evaluate('document.activeElement.id || document.activeElement.dataset.price')
    const symbol = await page.locator('#ladder').getAttribute('data-symbol')
    await page.keyboard.press('Tab')
    expect(await focused()).toBe('pause')
    await page.keyboard.press('Tab')
    expect(await focused()).toBe('tab-0')
    await page.keyboard.press('ArrowRight')
    expect(await focused()).toBe('tab-1')
    await expect.poll(() => page.locator('#ladder').getAttribute('data-symbol')).not.toBe(symbol)
    expect(await page.locator('[role=tab][tabindex="0"]').count()).toBe(1)
    await page.keyboard.press('p')
    await page.keyboard.press('Tab')
    expect(await focused()).toBe('step')
    await page.keyboard.press('Tab')
    await page.keyboard.press('End')
    await page.keyboard.press('ArrowUp')
    const { bids } = await shownLadder(page)
    const price = bids.at(-2)![0]!
    expect(await focused()).toBe(price)
    const amount = toText(sum(bids.slice(0, -1).map((row) => row[1]!)))
    expect(await shownText(page, '#sweep')).toContain(`Selling down to ${price}: ${amount}`)
    expect(await shownText(page, '#sweep')).toContain(`brings ${bids.at(-2)![3]}`)
    expect(await page.locator('#depth-chart').getAttribute('data-marked')).toBe(price)
    await page.close()
  })

  it('marks in the ladder what is pointed at in the chart', async () => {
    const page = await open()
    await page.keyboard.press('p')
    const box = (await page.locator('#depth-chart .u-over').boundingBox())!
    await page.mouse.move(box.x + 5, box.y + box.height / 2)
    const { bids } = await shownLadder(page)
    expect(await page.locator('#ladder tr.marked').getAttribute('data-price')).toBe(bids.at(-1)![0])
    await page.keyboard.press('p')
    // A row that stays pointed at keeps its place in the chart while the chart moves.
    for (let tick = 0; tick < 3; tick++) {
      await page.locator('#asks tr').last().focus()
      await setTimeout(1_000)
      const [line, point] = (await page.evaluate(CURSOR)) as number[]
      expect(Math.abs(line! - point!)).toBeLessThanOrEqual(1)
    }
    await page.close()
  })

  it.each([PHONE, DESK])('is no wider than a window of $width pixels', async (viewport) => {
    const page = await open(viewport)
    await page.locator('.card').first().waitFor({ timeout: 20_000 })
    expect(await overflow(page)).toBeLessThanOrEqual(0)
    expect(await page.locator('#simulated').isVisible()).toBe(true)
    await page.close()
  })

  it('shows the newest round as the API tells it, and an exchange’s words as text', async () => {
    const words = '<img src=x onerror="document.title=1"><b>down</b>'
    await chain.exchanges.setFault('kraken', { kind: 'error_200', message: words })
    const page = await open()
    await untilText(page, '.card[data-market="BTC-USD"] .why', /<img src=x onerror=/)
    expect(await page.locator('.card img, .card .why b').count()).toBe(0)
    const card = page.locator('.card[data-market="BTC-USD"]')
    const pollAt = Number(await card.getAttribute('data-poll-at'))
    const shown = await card.locator('tr[data-exchange="coinbase"] .number').allTextContents()
    const rounds = (await api('rounds?since=1h&market=BTC-USD')) as {
      poll_at: number
      prices: Record<string, string>[]
    }[]
    const { prices } = rounds.find(({ poll_at }) => poll_at === pollAt)!
    const own = prices.filter(
      ({ exchange, notional }) => exchange === 'coinbase' && notional === '100000',
    )
    expect(shown).toEqual(
      ['buy', 'sell'].map((side) => own.find((price) => price.side === side)!.price),
    )
    await page.close()
  })

  it('shows the API’s numbers, to the digit, for 30 ticks running', async () => {
    await expect
      .poll(async () => lastRun(await recordedLadders(recorder)).length, {
        timeout: 60_000,
        interval: 1_000,
      })
      .toBeGreaterThanOrEqual(TICKS)
    const shown = lastRun(await recordedLadders(recorder))
    const { symbol, tick } = shown[0]!
    const range = `from=${tick}&to=${shown.at(-1)!.tick}&levels=15`
    const { ticks } = await api(`books/${symbol}/history?${range}`)
    expect(
      shown.map(({ tick, mid, spread, asks, bids }) => ({ tick, mid, spread, bids, asks })),
    ).toEqual(
      ticks.map((one: ApiTick) => ({
        ...one,
        bids: one.bids.map(texts),
        asks: one.asks.map(texts),
      })),
    )
  }, 70_000)

  it('turns amber, then red, and says so when the processor is stopped', async () => {
    const age = recorder.locator('#age')
    expect(await age.getAttribute('data-state')).toBe('fresh')
    const background = () =>
      recorder.evaluate('getComputedStyle(document.getElementById("age")).backgroundColor')
    const fresh = await background()
    await chain.run.stop('SIGINT')
    await recorder
      .locator('#age[data-state=late]', { hasText: 'late' })
      .waitFor({ timeout: 10_000 })
    const late = await background()
    await recorder
      .locator('#age[data-state=stale]', { hasText: 'stale' })
      .waitFor({ timeout: 10_000 })
    expect(new Set([fresh, late, await background()]).size).toBe(3)
    expect(await shownText(recorder, '#announcer')).toMatch(/stale/)
  })

  it('asked nobody else for anything, and broke nothing on the way', () => {
    expect(offences.seen).toEqual([])
  })
})

/** Where the chart's line and its point on the asks stand, from the left. */
const CURSOR = `(() => {
  const middle = (box) => (box.left + box.right) / 2
  const line = document.querySelector('#depth-chart .u-cursor-x').getBoundingClientRect()
  const points = [...document.querySelectorAll('#depth-chart .u-cursor-pt')]
  return [line.right, middle(points.at(-1).getBoundingClientRect())]
})()`

interface ApiTick {
  readonly tick: number
  readonly bids: ApiLevel[]
  readonly asks: ApiLevel[]
}
type ApiLevel = Readonly<Record<'price' | 'amount' | 'total' | 'cum_sum', string>>

function texts({ price, amount, total, cum_sum }: ApiLevel): string[] {
  return [price, amount, total, cum_sum]
}

/** The longest end of the list without a missing second: a slow machine may draw two ticks at once. */
function lastRun(ladders: readonly ShownLadder[]): ShownLadder[] {
  let from = 0
  for (let at = 1; at < ladders.length; at++) {
    if (ladders[at]!.tick !== ladders[at - 1]!.tick + 1) from = at
  }
  return ladders.slice(from)
}

function sumsOf({ asks, bids }: ShownLadder) {
  return [asks, bids].flatMap((rows) => [
    toText(sum(rows.map((row) => row[1]!))),
    toText(sum(rows.map((row) => row[2]!))),
    rows.at(-1)![3],
  ])
}

function sum(amounts: readonly string[]): Decimal {
  return amounts.reduce((total, text) => add(total, parseDecimal(text)!), ZERO)
}
