/** Where PostgreSQL is, from the environment alone: the URL may hold a password. */
import { readFileSync } from 'node:fs'
import { DepthlineError } from '../errors.js'

/**
 * @returns the URL, or undefined where none is set
 * @throws DepthlineError USAGE, which never repeats the URL
 */
export function postgresUrl(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const file = env.DEPTHLINE_POSTGRES_URL_FILE
  const text = file ? read(file) : env.DEPTHLINE_POSTGRES_URL
  if (!text) return undefined
  const variable = file ? 'DEPTHLINE_POSTGRES_URL_FILE' : 'DEPTHLINE_POSTGRES_URL'
  if (isWhole(text)) return text
  const expected = 'postgresql://user:password@host:port/database'
  throw new DepthlineError(
    'USAGE',
    `${variable}: expected ${expected}, with # / ? % and @ in user and password as %23 %2F %3F %25 %40`,
  )
}

/** A stray # or / in a password ends the host early, and a part of it would stand in messages as the port. */
function isWhole(text: string): boolean {
  if (!/^postgres(ql)?:\/\//.test(text) || !URL.canParse(text)) return false
  const { username, password } = new URL(text)
  return username !== '' || password !== '' || !text.includes('@')
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch (cause) {
    const message = `DEPTHLINE_POSTGRES_URL_FILE: cannot read ${file}`
    throw new DepthlineError('USAGE', message, { cause })
  }
}
