/** How the oracle reads JSON: slow, obvious, and without a line of src/wire. */

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text of the bytes where they are exactly one JSON value in UTF-8, else undefined. */
export function naiveJson(bytes: Uint8Array): string | undefined {
  try {
    const text = strictUtf8.decode(bytes)
    JSON.parse(text)
    return text
  } catch {
    return undefined
  }
}

/**
 * The members of the object that `text` holds: keys unescaped, values as they
 * are written, because JSON.parse would round their digits away. The text is
 * known to be valid, so the walk only has to find where each token ends.
 */
export function naiveMembers(text: string): [key: string, raw: string][] {
  const members: [string, string][] = []
  let at = text.indexOf('{') + 1
  for (;;) {
    at = skipSpace(text, at)
    if (text[at] === '}') return members
    if (text[at] === ',') at = skipSpace(text, at + 1)
    const keyEnd = endOfString(text, at)
    const key = JSON.parse(text.slice(at, keyEnd)) as string
    const colon = skipSpace(text, keyEnd)
    const start = skipSpace(text, colon + 1)
    at = endOfValue(text, start)
    members.push([key, text.slice(start, at)])
  }
}

function endOfValue(text: string, start: number): number {
  let depth = 0
  let at = start
  for (;;) {
    const char = text[at]!
    if (char === '"') {
      at = endOfString(text, at)
      if (depth === 0) return at
      continue
    }
    if (depth === 0 && at > start && ',}] \t\r\n'.includes(char)) return at
    if (char === '{' || char === '[') depth++
    if (char === '}' || char === ']') depth--
    at++
    if (depth === 0 && (char === '}' || char === ']')) return at
  }
}

function endOfString(text: string, start: number): number {
  let at = start + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

function skipSpace(text: string, start: number): number {
  let at = start
  while (' \t\r\n'.includes(text[at]!)) at++
  return at
}
