/** The strings of a snapshot come back as they went in, whatever they begin with. */
import { expect, test } from 'vitest'
import { readStrings, StringTable } from './snapshot-strings.js'

test('keeps every text as it is, a byte order mark at its start included', () => {
  // Without its mark, the second would be the first: another order.
  const texts = ['1', '\uFEFF1', '\uFEFF', 'é', '😀', '\u0000', 'a'.repeat(64)]
  const table = new StringTable()
  for (const text of texts) table.place(text)
  const bytes = new Uint8Array(1_000)
  table.flush(bytes, 8)
  expect(readStrings(bytes, 8, texts.length)).toEqual(texts)
})
