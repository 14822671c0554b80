/** Takes the pictures of docs/images from a page that is served: `npx tsx scripts/screenshots.ts [URL]`. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { chromiumPath, launchChromium } from '../src/testing/chromium.js'
import { smallPng } from './small-png.js'

const FOLDER = fileURLToPath(new URL('../docs/images/', import.meta.url))
const WINDOWS = [
  { name: 'desk', width: 1440, height: 900 },
  { name: 'phone', width: 360, height: 780 },
]
/** So long until a few ticks were drawn and nothing flashes for the first time. */
const SETTLED_MS = 3_500

const url = process.argv[2] ?? 'http://127.0.0.1:8080/'
const path = chromiumPath()
if (path === undefined) throw new Error('there is no Chromium: apt-get install chromium')
mkdirSync(FOLDER, { recursive: true })
const browser = await launchChromium(path)
for (const { name, ...viewport } of WINDOWS) {
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await browser.newPage({ viewport, colorScheme })
    await page.goto(url)
    await page.locator('.card').first().waitFor()
    await page.waitForTimeout(SETTLED_MS)
    await page.locator('#asks tr').nth(9).focus()
    // In a window as long as the page nothing sticks to the window's foot.
    const height: number = await page.evaluate('document.documentElement.scrollHeight')
    await page.setViewportSize({ width: viewport.width, height })
    await page.waitForTimeout(300)
    const file = `${FOLDER}page-${name}-${colorScheme}.png`
    writeFileSync(file, smallPng(await page.screenshot({ fullPage: true })))
    console.log(file)
    await page.close()
  }
}
await browser.close()
