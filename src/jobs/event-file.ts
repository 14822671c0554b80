/** Records from a file of newline-delimited events, for `emulate --file`. */
import { type Line, LineReader } from '../wire/lines.js'
import { OrderEventReader } from '../wire/order-event-reader.js'
import type { EmulatedRecord } from './emulate.js'

/**
 * Yields one record for every line that is not blank. The value is the line's
 * bytes as they are, valid or not; the key is the order id's text, or null where
 * the line is no valid event and so changes no book wherever it goes.
 *
 * Of a line too large for any reader only the beginning may be kept, enough that
 * it is rejected as `too_large` all the same.
 *
 * @param input the file's bytes, in pieces of any size
 * @param options.noKey gives every record a null key, as the original emulator does
 */
export async function* readEventFile(
  input: AsyncIterable<Uint8Array>,
  options: { readonly noKey?: boolean } = {},
): AsyncGenerator<EmulatedRecord & { readonly value: Uint8Array }> {
  const lines = new LineReader()
  const reader = new OrderEventReader()
  const toRecord = ({ bytes, start, end }: Line) => {
    const isEvent = !options.noKey && reader.read(bytes, start, end) === undefined
    const key = isEvent ? `${reader.event.orderId}` : null
    // Not `slice`: that of a Node buffer shares the memory, which the stream may use again.
    return { key, value: new Uint8Array(bytes.subarray(start, end)) }
  }
  for await (const piece of input) {
    lines.push(piece)
    for (let line = lines.next(); line !== undefined; line = lines.next()) yield toRecord(line)
  }
  const last = lines.last()
  if (last !== undefined) yield toRecord(last)
}
