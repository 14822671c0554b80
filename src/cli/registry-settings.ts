/** Where the schema registry is, from the environment alone: the URL may hold a password. */
import { DepthlineError } from '../errors.js'

/**
 * @returns undefined where none is set
 * @throws DepthlineError USAGE, which does not repeat the URL, for it may hold a password
 */
export function registrySettings({
  SCHEMA_REGISTRY_URL: text,
}: Readonly<Record<string, string | undefined>>) {
  if (!text) return undefined
  const expected = 'http://host:port or https://user:password@host, perhaps with a path'
  try {
    const { protocol, origin, pathname, username, password } = new URL(text)
    if (!/^https?:$/.test(protocol)) throw new Error(`not ${protocol}`)
    const auth = { username: decodeURIComponent(username), password: decodeURIComponent(password) }
    const url = `${origin}${pathname}`.replace(/\/+$/, '')
    return Object.freeze({ url, ...(username === '' ? {} : { auth }) })
  } catch {
    throw new DepthlineError('USAGE', `SCHEMA_REGISTRY_URL: expected ${expected}`)
  }
}
