/** A real Chromium for the page's tests, and pages in it that note whatever they must not do. */
import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Undefined where this machine has none; `DEPTHLINE_TEST_CHROMIUM` names another place. */
export function chromiumPath(): string | undefined {
  return [process.env.DEPTHLINE_TEST_CHROMIUM ?? '', ...PLACES].find((path) => existsSync(path))
}

export function launchChromium(executablePath: string): Promise<Browser> {
  // Chromium refuses to run its sandbox as root, which is what containers are.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  // Letters without coloured edges make pictures that look right on every screen, and are half as large.
  const more = ['--disable-dev-shm-usage', '--disable-lcd-text']
  return chromium.launch({ executablePath, args: [...args, ...more] })
}

/** What pages did that they must not do. */
export class Offences {
  readonly seen: string[] = []

  /** Notes requests to elsewhere, errors on the console, exceptions, and what the policy has stopped. */
  async watch(page: Page, origin: string): Promise<void> {
    page.on('request', (request) => {
      const url = request.url()
      if (!url.startsWith(`${origin}/`) && !url.startsWith('data:'))
        this.seen.push(`request ${url}`)
    })
    page.on('console', (message) => {
      const isBad = message.type() === 'error' || message.type() === 'warning'
      if (isBad) this.seen.push(`console: ${message.text()} ${message.location().url}`)
    })
    page.on('pageerror', (error) => this.seen.push(`exception: ${error.stack}`))
    await page.exposeFunction('noteViolation', (text: string) => this.seen.push(`policy: ${text}`))
    await page.addInitScript(`addEventListener('securitypolicyviolation', (event) =>
      noteViolation(event.violatedDirective + ' ' + event.blockedURI))`)
  }
}
