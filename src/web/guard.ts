/** What every request must pass before anything looks at what it asks for. */
import { type Refusal, refusal } from './answer.js'
import type { RateLimit } from './rate-limit.js'

export const MAX_URL = 2_048

/** On every answer. The page needs no script, style or connection but its own. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}

export interface GuardedRequest {
  readonly method: string
  readonly url: string
  /** Every Host header of the request. */
  readonly hosts: readonly string[]
  readonly address: string
}

export class Guard {
  readonly #hosts = new Set<string>()
  readonly #rate: RateLimit

  /** @param hosts names under which the server may be asked, with or without a port */
  constructor(hosts: readonly string[], rate: RateLimit) {
    this.#rate = rate
    this.allow(hosts)
  }

  allow(hosts: readonly string[]): void {
    for (const host of hosts) this.#hosts.add(host.toLowerCase())
  }

  /** @returns undefined where the request may go on */
  refuse({ method, url, hosts, address }: GuardedRequest): Refusal | undefined {
    if (!this.#rate.allows(address)) {
      return refusal(429, 'too many requests from your address: wait a second')
    }
    if (method !== 'GET' && method !== 'HEAD') {
      return refusal(405, 'GET and HEAD are all there is')
    }
    if (url.length > MAX_URL) return refusal(414, `the URL is longer than ${MAX_URL} characters`)
    const [host] = hosts
    if (host === undefined || hosts.length > 1) {
      return refusal(400, 'expected exactly one Host header')
    }
    // A page elsewhere can make a browser resolve its own name to this machine, but not change the name.
    if (!this.#hosts.has(host.toLowerCase())) {
      return refusal(421, 'this server does not answer to that Host; --allow-host adds one')
    }
    return undefined
  }
}

/** Names that lead to where the server listens: what it was bound to, and this machine where that is loopback. */
export function ownHosts(host: string, port: number): string[] {
  const names = ['localhost', '127.0.0.1', '[::1]']
  const own = host.includes(':') ? `[${host}]` : host
  return [...new Set([...names, own])].flatMap((name) => [name, `${name}:${port}`])
}
