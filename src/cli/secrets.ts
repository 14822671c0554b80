/** The passwords in the environment, taken out of all that is written to standard error. */
import { readFileSync } from 'node:fs'

type Environment = Readonly<Record<string, string | undefined>>

/** Each may also be in a file, which a variable with `_FILE` behind its name then names. */
const VARIABLES = ['KAFKA_SASL_PASSWORD', 'SCHEMA_REGISTRY_URL', 'DEPTHLINE_POSTGRES_URL']
/** Anything shorter is as likely a word, or a number, that a log line is made of. */
const MIN_LENGTH = 6
const INSTEAD = '[redacted]'

/**
 * No message of ours holds a password. This is for those of libraries, servers and bugs.
 *
 * @returns a function that gives its text back without any password of `env` of at least 6
 * characters: as it is, as JSON or a URL spells it, or as HTTP's basic authentication does
 */
export function redaction(env: Environment): (text: string) => string {
  const secrets = new Set<string>()
  for (const variable of VARIABLES) {
    for (const value of [env[variable] ?? '', inFile(env[`${variable}_FILE`])]) {
      const found = variable.endsWith('_URL') ? inUrl(value.trim()) : spellings(value)
      for (const spelling of found) if (spelling.length >= MIN_LENGTH) secrets.add(spelling)
    }
  }
  // The longest first, for one may hold another.
  const found = [...secrets].sort((a, b) => b.length - a.length)
  return (text) => found.reduce((rest, secret) => rest.replaceAll(secret, INSTEAD), text)
}

function inFile(file: string | undefined): string {
  if (!file) return ''
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch {
    // Whoever needs it says that it cannot be read.
    return ''
  }
}

function spellings(secret: string): string[] {
  return [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]
}

function inUrl(text: string): string[] {
  if (!URL.canParse(text)) return [text]
  const { username, password } = new URL(text)
  if (password === '') return []
  const plain = decoded(password)
  const basic = Buffer.from(`${decoded(username)}:${plain}`).toString('base64')
  return [password, ...spellings(plain), basic]
}

/** A stray % is no reason to log the rest. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
