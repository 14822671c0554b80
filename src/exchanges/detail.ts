/** The words of a failure: short, on one line, and without anything that an address may carry. */

const MAX_CHARACTERS = 200

/** One line of at most 200 characters. */
export function detailText(text: string): string {
  const line = text.replace(/[\s\p{C}]+/gu, ' ').trim()
  const characters = [...line]
  if (characters.length <= MAX_CHARACTERS) return line
  return `${characters.slice(0, MAX_CHARACTERS - 1).join('')}…`
}

/** How a body begins, for a person who wonders what the exchange said. */
export function excerpt(body: Uint8Array): string {
  return new TextDecoder().decode(body.subarray(0, 4 * MAX_CHARACTERS))
}

/** What fetch's «fetch failed» or «terminated» was about. */
export function causeText(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  if (!(cause instanceof Error)) return String(cause)
  const { code } = cause as NodeJS.ErrnoException
  // Where several addresses of a host were tried in vain, the message is empty.
  return cause.message || code || cause.name
}
