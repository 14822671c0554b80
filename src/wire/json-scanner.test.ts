import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { naiveJson } from '../oracle/naive-json.js'
import { junk } from '../testing/hostile-values.js'
import { Random } from '../testing/random.js'
import { JsonKind, JsonScanner } from './json-scanner.js'

const encoder = new TextEncoder()
const scanner = new JsonScanner()

/** True where the bytes are exactly one JSON value. */
function isJson(bytes: Uint8Array): boolean {
  scanner.reset(bytes, 0, bytes.length)
  return scanner.skipValue() !== JsonKind.invalid && scanner.peek() === -1
}

/** Pieces that turn one JSON text into almost another one. */
const PIECES = [
  ...['{', '}', '[', ']', ',', ':', '"', '\\', '0', '1', '9', '-', '+', '.', 'e', 'E', ' ', '\n'],
  ...[
    'null',
    'true',
    'false',
    'nul',
    'u',
    '\\u',
    '\\u00',
    '\\ud800',
    '""',
    '[]',
    '{}',
    '"a":',
    'é',
  ],
  ...[
    '\u0000',
    '\t',
    '\u001f',
    '\u007f',
    '\u00a0',
    '\u2028',
    '\uFEFF',
    '/',
    "'",
    '😀',
    '1e5',
    '-0',
  ],
]

interface Edit {
  readonly at: number
  readonly removed: number
  readonly piece: string
}

const edits = fc.array(
  fc.record({
    at: fc.nat(1000),
    removed: fc.constantFrom(0, 0, 1, 1, 2, 5),
    piece: fc.constantFrom('', '', ...PIECES),
  }),
  { minLength: 1, maxLength: 3 },
)

function edited(text: string, list: readonly Edit[]): string {
  return list.reduce((before, { at, removed, piece }) => {
    const start = at % (before.length + 1)
    return before.slice(0, start) + piece + before.slice(start + removed)
  }, text)
}

const anyJson = fc.oneof(
  fc.json(),
  fc.json({ stringUnit: 'binary' }),
  fc.integer().map((seed) => junk(new Random(seed), 5)),
)

describe('the scanner agrees with JSON.parse', () => {
  test('that generated texts are JSON', () => {
    fc.assert(
      fc.property(anyJson, (text) => {
        JSON.parse(text)
        expect(isJson(encoder.encode(text))).toBe(true)
      }),
      { seed: 10, numRuns: 2000 },
    )
  })

  test('on texts that were changed in a few places', () => {
    let valid = 0
    fc.assert(
      fc.property(anyJson, edits, (text, list) => {
        const bytes = encoder.encode(edited(text, list))
        const expected = naiveJson(bytes) !== undefined
        if (expected) valid++
        expect(isJson(bytes)).toBe(expected)
      }),
      { seed: 11, numRuns: 10_000 },
    )
    expect(valid).toBeGreaterThan(500)
  })

  test('on random pieces in a row', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PIECES), { maxLength: 8 }), (pieces) => {
        const bytes = encoder.encode(pieces.join(''))
        expect(isJson(bytes)).toBe(naiveJson(bytes) !== undefined)
      }),
      { seed: 12, numRuns: 10_000 },
    )
  })

  test('on bytes in a string, where only well-formed UTF-8 will do', () => {
    const byte = fc.oneof(
      fc.nat(255),
      fc.integer({ min: 0x80, max: 0xbf }),
      fc.constantFrom(0xc0, 0xc1, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0x9f, 0xa0, 0x8f, 0x90),
    )
    let valid = 0
    fc.assert(
      fc.property(fc.array(byte, { minLength: 1, maxLength: 5 }), (middle) => {
        const bytes = new Uint8Array([0x22, ...middle, 0x22])
        const expected = naiveJson(bytes) !== undefined
        if (expected) valid++
        expect(isJson(bytes)).toBe(expected)
      }),
      { seed: 13, numRuns: 20_000 },
    )
    expect(valid).toBeGreaterThan(500)
  })

  test('on every sequence of two bytes in a string', () => {
    for (let first = 0; first < 256; first++) {
      for (let second = 0; second < 256; second++) {
        const bytes = new Uint8Array([0x22, first, second, 0x22])
        if (isJson(bytes) !== (naiveJson(bytes) !== undefined)) {
          throw new Error(`${first.toString(16)} ${second.toString(16)}`)
        }
      }
    }
  })
})

describe('the scanner', () => {
  test.each([
    ['null', JsonKind.null],
    ['"a"', JsonKind.string],
    ['-1.5e3', JsonKind.number],
    ['true', JsonKind.other],
    ['false', JsonKind.other],
    ['[[1],{"a":[]}]', JsonKind.other],
    ['{}', JsonKind.other],
    ['', JsonKind.invalid],
    ['x', JsonKind.invalid],
  ])('says what kind of value %j is, and stops right behind it', (text, kind) => {
    const bytes = encoder.encode(`${text}  ,`)
    scanner.reset(bytes, 0, bytes.length)
    expect(scanner.skipValue()).toBe(kind)
    if (kind !== JsonKind.invalid) expect(scanner.at).toBe(text.length)
  })

  test('knows whether the last string holds an escape', () => {
    for (const [text, hasEscape] of [
      ['"a"', false],
      ['"\\n"', true],
      ['"é"', false],
    ] as const) {
      const bytes = encoder.encode(text)
      scanner.reset(bytes, 0, bytes.length)
      expect(scanner.skipString()).toBe(true)
      expect(scanner.hasEscape).toBe(hasEscape)
    }
  })

  test('is not swayed by what lies past its end', () => {
    for (const text of [
      '-1',
      '12',
      '1.5',
      '1e5',
      '1e+5',
      '"a"',
      'null',
      '[1]',
      '"\\u0031"',
      '"é"',
    ]) {
      const whole = encoder.encode(text)
      for (let end = 0; end <= whole.length; end++) {
        scanner.reset(whole, 0, end)
        const valid = scanner.skipValue() !== JsonKind.invalid && scanner.peek() === -1
        expect([text, end, valid]).toEqual([
          text,
          end,
          naiveJson(whole.subarray(0, end)) !== undefined,
        ])
        if (valid) expect(scanner.at).toBe(end)
      }
    }
  })
})
