/** The page before the real server with data from our own hand: hostile text, gaps, broken connections, huge numbers. */
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath, launchChromium, Offences } from '../testing/chromium.js'
import { analyticsRecord } from '../testing/lake-rounds.js'
import { Random } from '../testing/random.js'
import { overflow, shownLadder, shownText, untilText } from '../testing/shown-page.js'
import { FIRST_TICK, giveTicks, startWeb, type TestWeb, tickRecord } from '../testing/web.js'

const path = chromiumPath()
if (path === undefined) {
  console.warn(
    'SKIPPED: the page is not tested, for there is no Chromium (apt-get install chromium)',
  )
}

const MARKUP = '<img src=x onerror=document.title=1>'
const PHONE = { width: 360, height: 780 }

describe.skipIf(path === undefined)('the page with odd data', () => {
  let browser: Browser
  let web: TestWeb
  let page: Page
  let offences: Offences

  beforeAll(async () => {
    browser = await launchChromium(path!)
  }, 60_000)
  afterEach(async () => {
    await page.close()
    await web.server.close()
  })
  afterAll(() => browser?.close())

  async function open(given: TestWeb, prepare = async (_: Page) => {}): Promise<void> {
    web = given
    // Where nobody analyses, /rounds is a 404, which a browser reports on its console.
    web.server.rounds.states.analytics = { kind: 'live' }
    offences = new Offences()
    page = await browser.newPage({ viewport: PHONE })
    await offences.watch(page, web.url)
    await prepare(page)
    await page.goto(`${web.url}/`)
  }

  function give(tick: number, rows: readonly string[], headers: Record<string, string> = {}): void {
    web.clock.nowMs = tick * 1000 + 12
    const record = tickRecord(tick, { text: `[${rows.join(',')}]` })
    web.server.ticks.take(
      { ...record, headers: { ...record.headers, ...headers } },
      web.clock.nowMs,
    )
    web.server.publish()
  }

  it('keeps markup in symbols, markets, exchanges, reasons and broken messages as text', async () => {
    await open(await startWeb(), async (page) => {
      web.server.ticks.skip(`offset 3: ${MARKUP}`)
      web.server.rounds.takeAnalytics(hostileRound(), false)
      // A fake: the server's own reader refuses a tick with such a symbol.
      const side = [['1', '1', '1', '1']]
      const books = { [MARKUP]: { bids: side, asks: side } }
      const tick = { tick: FIRST_TICK, missed: 0, rejected: 0, crossed: [MARKUP], books }
      const body = `event: tick\nid: ${FIRST_TICK}\ndata: ${JSON.stringify(tick)}\n\n`
      await page.route('**/api/v1/stream', (route) =>
        route.fulfill({ contentType: 'text/event-stream', body }),
      )
    })
    const places = ['#tabs', '#health', '.card h3', '.card .name', '.card .why', '.prices th']
    for (const selector of places) await untilText(page, selector, /<img src=x onerror=/)
    expect(await page.locator('#ladder').getAttribute('data-symbol')).toBe(MARKUP)
    expect(await page.locator('img').count()).toBe(0)
    expect(await page.title()).toBe('depthline')
    expect(await overflow(page)).toBeLessThanOrEqual(0)
    expect(offences.seen).toEqual([])
  })

  it('says that the connection is lost, goes on by itself, and names the ticks that it did not get', async () => {
    await open(await startWeb())
    giveTicks(web, FIRST_TICK, 3)
    await expect.poll(async () => (await shownLadder(page)).tick).toBe(FIRST_TICK + 2)
    const { port } = web.server
    await web.server.close()
    await untilText(page, '#notices', /Connection to the server lost/)
    web = await startWeb({ port })
    giveTicks(web, FIRST_TICK + 10, 2)
    await untilText(
      page,
      '#notices',
      /^(?!.*lost).*7 ticks from 22:13:23 to 22:13:29 UTC did not reach/,
    )
    await expect.poll(async () => (await shownLadder(page)).tick).toBe(FIRST_TICK + 11)
    await page.getByRole('button', { name: 'Dismiss' }).click()
    expect(await page.locator('.notice').count()).toBe(0)
  })

  it('says what is missing: no tick, no orders, one side alone, a crossed book', async () => {
    await open(await startWeb())
    web.server.ticks.state = { kind: 'waiting', why: 'there is no topic order-book yet' }
    await untilText(page, '#empty', /there is no topic order-book yet/)
    give(FIRST_TICK, [])
    await untilText(page, '#empty', /no open orders in any book/)
    give(
      FIRST_TICK + 1,
      [
        row('A', 'buy_1', '5'),
        row('B', 'sell_1', '4'),
        row('C', 'buy_1', '5'),
        row('C', 'sell_1', '4'),
      ],
      { crossed: '["C"]' },
    )
    await expect.poll(() => shownText(page, '#mid')).toBe('–')
    await page.getByRole('tab', { name: 'C (crossed)' }).click()
    await untilText(page, '#crossed', /crossed/)
    expect(await shownLadder(page)).toMatchObject({ mid: '4.5', spread: '-1', bps: '-2222.2222' })
    give(FIRST_TICK + 2, [row('A', 'buy_1', '5')])
    await untilText(page, '#empty', /no open orders in C/)
    expect(offences.seen).toEqual([])
  })

  it('holds the longest numbers without a wider page, and flashes only where motion is welcome', async () => {
    await open(await startWeb())
    const price = '123456789012345678'
    give(FIRST_TICK, [row('X', 'buy_1', price, '0.000000000000000001')])
    await page.locator('#bids tr').waitFor()
    expect(await overflow(page)).toBeLessThanOrEqual(0)
    const animation = () =>
      page.evaluate('getComputedStyle(document.querySelector("#bids tr")).animationName')
    expect(await animation()).toBe('none')
    give(FIRST_TICK + 1, [row('X', 'buy_1', price, '0.000000000000000002')])
    await expect.poll(animation).toMatch(/^flash/)
    expect((await shownLadder(page)).bids[0]).toEqual([price, '0.000000000000000002', '1.5', '9'])
    await page.emulateMedia({ reducedMotion: 'reduce' })
    expect(await animation()).toBe('none')
    expect(offences.seen).toEqual([])
  })

  it.each([
    [
      { ticks: 300, wrong: 0, to: FIRST_TICK },
      /✓ last 300 ticks verified by an independent recount$/,
    ],
    [{ ticks: 300, wrong: 0, to: FIRST_TICK - 60 }, /⚠ last 300 ticks .* recount, up to 22:12:20$/],
    [
      { ticks: 300, wrong: 2, to: FIRST_TICK },
      /✗ 2 of 300 ticks differ from an independent recount$/,
    ],
  ])('tells of a recount: %j', async (verified, expected) => {
    await open(await startWeb(), async (page) => {
      await page.route('**/api/v1/status', async (route) => {
        const response = await route.fetch()
        const json = { ...(await response.json()), verified: { ...verified, as_of: '' } }
        await route.fulfill({ response, json })
      })
    })
    giveTicks(web, FIRST_TICK, 1)
    await untilText(page, '#health dd', expected)
    expect(await page.locator('#simulated').isVisible()).toBe(false)
  })
})

function row(symbol: string, side: string, price: string, amount = '2.5'): string {
  return `{"symbol":${JSON.stringify(symbol)},"side":"${side}","price":${price},"amount":${amount},"total":1.5,"cum_sum":9}`
}

function hostileRound() {
  const round = analyticsRecord(FIRST_TICK * 1000, MARKUP, new Random(1))
  const exchanges = round.exchanges.map((one) => ({
    ...one,
    ...{ exchange: `${MARKUP}${one.exchange}`, usable: false },
    ...{ reason: 'exchange_error' as const, detail: MARKUP },
  }))
  return { ...round, exchanges }
}
