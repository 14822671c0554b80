import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LineReader } from './lines.js'

const encoder = new TextEncoder()

/** The lines of the text when it comes in these pieces. */
function linesOf(pieces: readonly Uint8Array[]): string[] {
  const reader = new LineReader()
  const lines: string[] = []
  for (const piece of pieces) {
    reader.push(piece)
    for (let line = reader.next(); line !== undefined; line = reader.next()) lines.push(line.text())
  }
  const last = reader.last()
  return last === undefined ? lines : [...lines, last.text()]
}

function cut(text: string, sizes: readonly number[]): Uint8Array[] {
  const bytes = encoder.encode(text)
  const pieces: Uint8Array[] = []
  let at = 0
  for (let index = 0; at < bytes.length; index++) {
    const size = sizes[index % sizes.length]!
    // A copy, as of a buffer that its owner fills again.
    pieces.push(bytes.slice(at, at + size))
    at += size
  }
  return pieces
}

describe('lines', () => {
  const TEXT = '\n{"a":1}\r\n\n \t\r\n  x\n\r\r\nlast'
  const LINES = ['{"a":1}\r', '  x', 'last']

  test('are those that are not blank, without their newline', () => {
    expect(linesOf([encoder.encode(TEXT)])).toEqual(LINES)
    expect(linesOf([encoder.encode(`${TEXT}\n`)])).toEqual(LINES)
  })

  test('are the same in pieces of any size', () => {
    for (let size = 1; size <= TEXT.length + 1; size++)
      expect(linesOf(cut(TEXT, [size]))).toEqual(LINES)
    const text = fc.array(fc.constantFrom('\n', '\r', ' ', '\t', 'a', '{}'), { maxLength: 60 })
    fc.assert(
      fc.property(
        text,
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (parts, sizes) => {
          const whole = parts.join('')
          const expected = whole.split('\n').filter((line) => /[^ \t\r]/.test(line))
          expect(linesOf(cut(whole, sizes))).toEqual(expected)
        },
      ),
      { seed: 14, numRuns: 1000 },
    )
  })

  test('may come with empty pieces between, or not at all', () => {
    const empty = new Uint8Array(0)
    expect(linesOf([empty, encoder.encode('a'), empty, encoder.encode('b\n'), empty])).toEqual([
      'ab',
    ])
    expect(linesOf([])).toEqual([])
    expect(linesOf([empty])).toEqual([])
    expect(linesOf([encoder.encode('\n\n')])).toEqual([])
  })

  test('are not blank for other white space', () => {
    expect(linesOf([encoder.encode('\u000b\n\u00a0\n\u0000\n\uFEFF\n')]).length).toBe(4)
  })
})

describe('a giant line', () => {
  const lengthsOf = (text: string, size: number) =>
    linesOf(cut(text, [size])).map((line) => line.length)

  test('keeps its length up to 65,536 bytes, and is longer than that beyond, in pieces of any size', () => {
    for (const size of [1000, 65_536, 65_537, 1_000_000]) {
      expect(lengthsOf(`${'x'.repeat(65_536)}\ny\n`, size)).toEqual([65_536, 1])
      const [longest, next] = lengthsOf(`${'x'.repeat(65_537)}\ny\n`, size)
      expect(longest).toBeGreaterThan(65_536)
      expect(next).toBe(1)
      expect(lengthsOf(`${'x'.repeat(300_000)}`, size)[0]).toBeGreaterThan(65_536)
    }
  })

  test('of blanks is none, unless one byte of it is not blank', () => {
    const blanks = ' '.repeat(200_000)
    for (const size of [999, 65_537, 1_000_000]) {
      expect(lengthsOf(`${blanks}\ny`, size)).toEqual([1])
      expect(lengthsOf(blanks, size)).toEqual([])
      for (const text of [`x${blanks}`, `${blanks}x`, `${blanks}x${blanks}`, `${blanks}x\r`]) {
        const [longest, ...rest] = lengthsOf(`${text}\ny`, size)
        expect(longest).toBeGreaterThan(65_536)
        expect(rest).toEqual([1])
      }
    }
  })

  test('is kept no further than needed to know that it is too long', () => {
    const reader = new LineReader()
    const piece = new Uint8Array(100_000).fill(0x78)
    for (let round = 0; round < 100; round++) {
      reader.push(piece)
      expect(reader.next()).toBeUndefined()
    }
    const line = reader.last()
    expect(line!.bytes.length).toBe(65_537)
    expect(line!.text(10)).toBe('xxxxxxxxxx')
  })
})
