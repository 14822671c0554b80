/** Text in JSON bytes: compared, decoded, unescaped. */

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

export function decode(bytes: Uint8Array, start: number, end: number): string {
  return decoder.decode(bytes.subarray(start, end))
}

/** Like {@link decode} for bytes below 0x80, and faster for the few bytes of an id. */
export function decodeAscii(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]!)
  return text
}

/** The text of the JSON string at `start … end`, quotes included, which is known to be valid. */
export function unescapeString(bytes: Uint8Array, start: number, end: number): string {
  return JSON.parse(decode(bytes, start, end)) as string
}

export function isText(bytes: Uint8Array, start: number, end: number, text: Uint8Array): boolean {
  if (end - start !== text.length) return false
  for (let index = 0; index < text.length; index++) {
    if (bytes[start + index] !== text[index]) return false
  }
  return true
}
