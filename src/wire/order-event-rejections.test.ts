import { describe, expect, test } from 'vitest'
import { lastDetail, openText, readRecord } from '../testing/read-record.js'

const encoder = new TextEncoder()

/** An OPEN with these bytes inside the string of an unknown field. */
function withBytes(...bytes: number[]): Uint8Array {
  const [before = '', after = ''] = openText({ x: '"|"' }).split('|')
  return Buffer.concat([encoder.encode(before), new Uint8Array(bytes), encoder.encode(after)])
}

/** An OPEN of exactly so many bytes. */
function ofLength(length: number): string {
  return openText({ x: `"${'x'.repeat(length - openText({ x: '""' }).length)}"` })
}

describe('too_large', () => {
  test('begins one byte above 65,536 bytes', () => {
    expect(ofLength(65_536)).toHaveLength(65_536)
    expect(readRecord(ofLength(65_536))).toHaveProperty('id', 1)
    expect(readRecord(ofLength(65_537))).toBe('too_large')
    expect(lastDetail()).toContain('65537')
  })

  test('counts bytes, not characters, and white space too', () => {
    const text = openText({ x: `"${'é'.repeat(32_760)}"` })
    expect(text.length).toBeLessThan(65_536)
    expect(readRecord(text)).toBe('too_large')
    expect(readRecord(openText() + ' '.repeat(65_537 - openText().length))).toBe('too_large')
    expect(readRecord(' '.repeat(65_537))).toBe('too_large')
  })
})

describe('invalid_json', () => {
  test.each([
    ...['', ' ', '\n\t\r ', '{', '}', '{}}', '{"a"}', '{"a":}', '{"a":1,}', '{,}', '{"a":1 "b":2}'],
    ...[
      '{"a":1}{}',
      '{"a":1},',
      '{"a":1}x',
      '{"a":1}\u0000',
      '{a:1}',
      "{'a':1}",
      '{"a":1;}',
      '{:1}',
    ],
    ...[
      '[',
      ']',
      '[1,]',
      '[1 2]',
      '[,1]',
      'nul',
      'nulll',
      'True',
      'undefined',
      '"',
      '"a',
      '\uFEFF{}',
    ],
    ...['{"a":[}', '{"a":{]}', '{"a":[1}', '{1:1}', '{null:1}', '{"a"::1}', '// x\n{}', '{}/**/'],
  ])('is text that is not exactly one JSON value: %j', (text) => {
    expect(readRecord(text)).toBe('invalid_json')
  })

  test.each([
    ...[
      'NaN',
      'Infinity',
      '-Infinity',
      '01',
      '-01',
      '1.',
      '.5',
      '+1',
      '1e',
      '1e+',
      '0x1',
      '-',
      '--1',
    ],
    ...['1.e5', '1e5.5', '00', '1_000', '１', 'nan', "'1'"],
  ])('is a record with a number that JSON does not have: %s', (raw) => {
    for (const field of ['order_id', 'size', 'x', 'created_at']) {
      expect(readRecord(openText({ [field]: raw }))).toBe('invalid_json')
    }
  })

  test.each(['\\x', '\\u', '\\u12', '\\u123g', '\\U0031', '\\', '\\0', "\\'", '\\u+123', '\\é'])(
    'is a string with an escape that JSON does not have: %s',
    (faulty) => {
      expect(readRecord(openText({ x: `"${faulty}"` }))).toBe('invalid_json')
      expect(readRecord(openText({ [faulty]: '1' }))).toBe('invalid_json')
    },
  )

  test('is a raw control character in a string or a key, each of the 32', () => {
    for (let code = 0; code < 0x20; code++) {
      expect(readRecord(withBytes(code))).toBe('invalid_json')
      expect(readRecord(openText({ [String.fromCharCode(code)]: '1' }))).toBe('invalid_json')
    }
    expect(readRecord(withBytes(0x7f))).toHaveProperty('id', 1)
  })

  test('is any byte between two tokens but the four that are white space in JSON', () => {
    const tokens = ['', '{', '"order_id"', ':', '1', ',', '"status"', ':', '"CLOSED"', '}', '']
    for (let gap = 0; gap < tokens.length - 1; gap++) {
      const before = encoder.encode(tokens.slice(0, gap + 1).join(''))
      const after = encoder.encode(tokens.slice(gap + 1).join(''))
      for (let byte = 0; byte < 256; byte++) {
        // A digit or a minus is part of the number that it touches.
        if ((byte >= 0x30 && byte <= 0x39) || byte === 0x2d) continue
        const isWhite = [0x20, 0x09, 0x0a, 0x0d].includes(byte)
        const read = readRecord(Buffer.concat([before, new Uint8Array([byte]), after]))
        expect([gap, byte, read]).toEqual([gap, byte, isWhite ? { closed: 1 } : 'invalid_json'])
      }
    }
  })

  test.each([
    ['an overlong slash', [0xc0, 0xaf]],
    ['an overlong U+007F', [0xc1, 0xbf]],
    ['an overlong U+07FF', [0xe0, 0x9f, 0xbf]],
    ['an overlong U+FFFF', [0xf0, 0x8f, 0xbf, 0xbf]],
    ['the surrogate U+D800', [0xed, 0xa0, 0x80]],
    ['the surrogate U+DFFF', [0xed, 0xbf, 0xbf]],
    ['a character above U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
    ['a lead byte of five', [0xf8, 0x88, 0x80, 0x80, 0x80]],
    ['a stray continuation', [0x80]],
    ['a sequence cut short', [0xe2, 0x82]],
    ['a byte that UTF-8 does not have', [0xff]],
  ])('is bad UTF-8: %s', (_, bytes) => {
    expect(readRecord(withBytes(...bytes))).toBe('invalid_json')
  })

  test.each([
    ['U+0080', [0xc2, 0x80]],
    ['U+0800', [0xe0, 0xa0, 0x80]],
    ['U+D7FF', [0xed, 0x9f, 0xbf]],
    ['U+E000', [0xee, 0x80, 0x80]],
    ['U+FEFF', [0xef, 0xbb, 0xbf]],
    ['U+FFFF', [0xef, 0xbf, 0xbf]],
    ['U+10000', [0xf0, 0x90, 0x80, 0x80]],
    ['U+10FFFF', [0xf4, 0x8f, 0xbf, 0xbf]],
  ])('is not the well-formed %s', (_, bytes) => {
    expect(readRecord(withBytes(...bytes))).toHaveProperty('id', 1)
  })

  test.each([
    ['as a record', '['.repeat(65_536)],
    ['in an unknown field', `{"order_id":1,"status":"CLOSED","x":${'['.repeat(65_499)}`],
    ['as objects', '{"":'.repeat(16_384)],
  ])('is 64 KiB of brackets that nobody closes, %s, and overflows no stack', (_, text) => {
    expect(text.length).toBeLessThanOrEqual(65_536)
    expect(readRecord(text)).toBe('invalid_json')
  })
})

describe('not_an_object', () => {
  test.each(['null', 'true', '0', '-1.5e3', '"{}"', '[]', '[{"order_id":1}]', ' [1,{"a":[]}] '])(
    'is any other JSON: %s',
    (text) => {
      expect(readRecord(text)).toBe('not_an_object')
    },
  )

  test('is 64 KiB of brackets, all of them closed', () => {
    expect(readRecord('['.repeat(32_768) + ']'.repeat(32_768))).toBe('not_an_object')
  })
})

describe('duplicate_key', () => {
  const duplicate = (members: string) => `${openText().slice(0, -1)},${members}}`

  test.each([
    ['a known key', duplicate('"size":1')],
    ['a known key that was null', `{"size":null,${openText().slice(1)}`],
    ['a known key, once escaped', duplicate('"\\u0073ize":1')],
    [
      'a known key, both times escaped',
      '{"\\u0073tatus":"CLOSED","statu\\u0073":null,"order_id":1}',
    ],
    ['an unknown key', duplicate('"x":1,"x":1')],
    ['an unknown key, once escaped', duplicate('"x":1,"\\u0078":1')],
    ['an unknown key with other letters between', duplicate('"x":1,"y":1,"z":1,"x":1')],
    ['the empty key', duplicate('"":1,"":2')],
    ['a lone surrogate', duplicate('"\\ud800":1,"\\uD800":2')],
    ['a character and its surrogate pair', duplicate('"😀":1,"\\ud83d\\ude00":2')],
    ['__proto__', duplicate('"__proto__":1,"__proto__":2')],
    ['a slash and an escaped slash', duplicate('"/":1,"\\/":2')],
    [
      'a key of a close that is not looked at',
      '{"order_id":1,"status":"CLOSED","size":1,"size":1}',
    ],
  ])('is %s that comes twice', (_, text) => {
    expect(readRecord(text)).toBe('duplicate_key')
  })
})

describe('missing_field', () => {
  test.each(['order_id', 'status', 'symbol', 'order_side', 'size', 'price'])(
    'is an OPEN without %s, absent or null, and the detail names it',
    (field) => {
      for (const raw of [undefined, 'null']) {
        expect(readRecord(openText({ [field]: raw }))).toBe('missing_field')
        expect(lastDetail()).toContain(field)
      }
    },
  )

  test.each(['{}', '{"order_id":1}', '{"status":"CLOSED"}', '{"order_id":null,"status":"CLOSED"}'])(
    'is an event without id or status: %s',
    (text) => {
      expect(readRecord(text)).toBe('missing_field')
    },
  )
})

describe('invalid_field', () => {
  test.each([
    [
      'status',
      ['"open"', '"Open"', '"OPEN "', '""', '"CLOSE"', '"CLOSED\\u0000"', '1', 'true', '[]'],
    ],
    ['order_side', ['"buy"', '"B"', '"BUY "', '""', '0', 'false', '{}', '"BUYS"', '"SEL"']],
    ['size', ['true', '[]', '{}', '[1]', '0', '-1']],
    ['price', ['true', '[]', '{}', '{"a":1}', '0.0', '-0.1']],
  ])('is a wrong %s', (field, values) => {
    for (const raw of values) {
      expect([raw, readRecord(openText({ [field]: raw }))]).toEqual([raw, 'invalid_field'])
      expect(lastDetail()).toContain(`${field}:`)
    }
  })
})
