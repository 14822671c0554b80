/** Records that try to break the reader and the books: the same ones again for the same seed. */
import {
  anyNumber,
  brokenToken,
  escaped,
  extremeId,
  extremeNumber,
  extremeSymbol,
  junk,
  ordinaryId,
  ordinaryNumber,
  ordinarySymbol,
} from './hostile-values.js'
import { Random } from './random.js'

export interface HostileRecord {
  /** Null is a tombstone. */
  readonly value: Uint8Array | null
  readonly partition: number
}

type Field = [key: string, raw: string]
type Bytes = Uint8Array | string | null

export const HOSTILE_PARTITIONS = 4

/** Records without end; about two thirds of them are valid and meet on few ids and prices. */
export function* hostileRecords(seed: number): Generator<HostileRecord, never> {
  const random = new Random(seed)
  const choices = KINDS.flatMap(([weight, make]) => new Array<Maker>(weight).fill(make))
  for (;;) {
    const value = random.pick(choices)(random)
    yield {
      value: typeof value === 'string' ? encode(value) : value,
      partition: random.chance(0.7) ? 0 : random.below(HOSTILE_PARTITIONS),
    }
  }
}

type Maker = (random: Random) => Bytes

/** What kinds of record there are, and how many of 1,000 are of each. */
const KINDS: readonly [weight: number, make: Maker][] = [
  [480, (random) => render(event(random))],
  [140, (random) => renderOddly(random, event(random))],
  [40, (random) => renderOddly(random, withField(event(random), 'order_id', extremeId(random)))],
  [50, (random) => render(withField(event(random), amountKey(random), extremeNumber(random)))],
  [40, (random) => render(withField(event(random), amountKey(random), anyNumber(random)))],
  [20, (random) => renderOddly(random, withField(event(random), 'symbol', extremeSymbol(random)))],
  [30, (random) => renderOddly(random, withDuplicate(random, event(random)))],
  [30, (random) => renderOddly(random, withUnknown(random, event(random)))],
  [40, (random) => renderOddly(random, withSpoiledField(random, event(random)))],
  [20, (random) => render(withField(event(random), anyKey(random), brokenToken(random)))],
  [40, (random) => flipped(random, encode(renderOddly(random, event(random))))],
  [15, (random) => truncated(random, encode(render(event(random))))],
  [10, (random) => render(event(random)) + random.pick(['x', '}', ',', '{}', ' 1', '\u0000', '"'])],
  [15, (random) => withBadUtf8(random, encode(renderOddly(random, event(random))))],
  [5, (random) => `\uFEFF${render(event(random))}`],
  [
    13,
    (random) => random.pick(['', ' ', '\t\r\n ', '[]', '[{"order_id":1}]', '1', '"{}"', 'null']),
  ],
  [10, () => null],
  [2, large],
]

/** A valid event over few ids and prices. */
function event(random: Random): Field[] {
  const number = ordinaryId(random)
  const id: Field = ['order_id', random.chance(0.8) ? `${number}` : `"${number}"`]
  const createdAt: Field = ['created_at', `${1_693_973_208 + random.below(10_000)}`]
  if (random.chance(0.3)) {
    const closed: Field[] = [id, ['status', '"CLOSED"'], createdAt]
    // The original emulator's closes carry the other fields as explicit nulls.
    const nulls = ['symbol', 'order_side', 'size', 'price'].map((key): Field => [key, 'null'])
    return random.chance(0.3) ? [...closed, ...nulls] : closed
  }
  // Half of the time an id asks for what it always asks for, so that some OPENs are repetitions.
  const choice = random.chance(0.5) ? number : random.below(1000)
  return [
    id,
    ['symbol', ordinarySymbol(random)],
    ['order_side', choice % 3 === 0 ? '"BUY"' : '"SELL"'],
    ['size', ordinaryNumber(random, choice >> 1)],
    ['price', ordinaryNumber(random, choice)],
    ['status', '"OPEN"'],
    createdAt,
  ]
}

function withField(fields: Field[], key: string, raw: string): Field[] {
  return [...fields.filter((field) => field[0] !== key), [key, raw]]
}

function amountKey(random: Random): string {
  return random.pick(['size', 'price'])
}

function anyKey(random: Random): string {
  return random.pick(['order_id', 'symbol', 'order_side', 'size', 'price', 'status', 'x'])
}

/** The same key twice, or what looks like it: other case, nested, a prefix. */
function withDuplicate(random: Random, fields: Field[]): Field[] {
  const [key, raw] = random.pick(fields)
  return [
    ...fields,
    random.pick<Field>([
      [key, raw],
      [key, junk(random)],
      [key.toUpperCase(), raw],
      [`${key} `, raw],
      ['x', `{"${key}":1,"${key}":2}`],
    ]),
  ]
}

function withUnknown(random: Random, fields: Field[]): Field[] {
  const key = () => random.pick(['x', 'y', '', 'ключ', '__proto__', 'Size', 'toString'])
  const unknown = Array.from({ length: 1 + random.below(3) }, (): Field => [key(), junk(random)])
  return [...fields, ...unknown]
}

/** One or two fields dropped, null or of a wrong type. */
function withSpoiledField(random: Random, fields: Field[]): Field[] {
  let spoiled = fields
  for (let count = random.pick([1, 1, 2]); count > 0; count--) {
    const key = random.pick([...fields.map((field) => field[0]), 'created_at'])
    const others = spoiled.filter((field) => field[0] !== key)
    if (random.chance(0.3)) spoiled = others
    else if (random.chance(0.4)) spoiled = [...others, [key, 'null']]
    else spoiled = [...others, [key, random.chance(0.5) ? junk(random) : wrongText(random)]]
  }
  return spoiled
}

function wrongText(random: Random): string {
  return random.pick(['"open"', '"CLOSE"', '"OPEN "', '"buy"', '"BUY"', '"OPEN"', '"CLOSED"'])
}

function render(fields: Field[]): string {
  return `{${fields.map(([key, raw]) => `"${key}":${raw}`).join(',')}}`
}

/** Any order, white space anywhere, keys and texts escaped. */
function renderOddly(random: Random, fields: Field[]): string {
  const space = () => (random.chance(0.2) ? random.pick([' ', '\n', '\r\n', '\t', '\n    ']) : '')
  const members = random.shuffle(fields).map(([key, raw]) => {
    const name = random.chance(0.15) ? escaped(random, key) : `"${key}"`
    const isPlain = /^"[\w-]+"$/.test(raw)
    const text = isPlain && random.chance(0.15) ? escaped(random, raw.slice(1, -1)) : raw
    return `${space()}${name}${space()}:${space()}${text}${space()}`
  })
  return `${space()}{${members.join(',')}}${space()}`
}

function flipped(random: Random, bytes: Uint8Array): Uint8Array {
  for (let count = random.pick([1, 1, 2, 5]); count > 0; count--) {
    const at = random.below(bytes.length)
    bytes[at] = random.chance(0.5) ? random.below(256) : bytes[at]! ^ (1 << random.below(8))
  }
  return bytes
}

function truncated(random: Random, bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, random.below(bytes.length))
}

/** Overlong, surrogates, above U+10FFFF, cut short, stray continuation; and two that are fine. */
const SEQUENCES = [
  ...[
    [0xc0, 0x80],
    [0xc1, 0xbf],
    [0xe0, 0x80, 0x80],
    [0xe0, 0x9f, 0xbf],
    [0xf0, 0x80, 0x80, 0x80],
  ],
  ...[
    [0xed, 0xa0, 0x80],
    [0xed, 0xbf, 0xbf],
    [0xf4, 0x90, 0x80, 0x80],
    [0xf5, 0x80, 0x80, 0x80],
  ],
  ...[[0x80], [0xbf], [0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x98], [0xff], [0xfe]],
  ...[
    [0xc3, 0xa9],
    [0xf0, 0x9f, 0x98, 0x80],
    [0xef, 0xbb, 0xbf],
    [0xef, 0xbf, 0xbf],
  ],
]

/** A sequence inside one of the strings, or anywhere. */
function withBadUtf8(random: Random, bytes: Uint8Array): Uint8Array {
  const quote = bytes.indexOf(0x22, random.below(bytes.length))
  const at = random.chance(0.8) ? quote + 1 : random.below(bytes.length)
  return Buffer.concat([
    bytes.subarray(0, at),
    new Uint8Array(random.pick(SEQUENCES)),
    bytes.subarray(at),
  ])
}

/** About the limit of 65,536 bytes, by white space or by depth, closed and unclosed. */
function large(random: Random): string {
  const text = render(event(random))
  const padding = 65_536 - text.length + random.pick([-1, 0, 1, 1000])
  const depth = random.pick([100, 30_000, 32_000])
  return random.pick([
    text + ' '.repeat(padding),
    `${text.slice(0, -1)}${' '.repeat(padding)}}`,
    `${text.slice(0, -1)},"x":${'['.repeat(depth)}${']'.repeat(depth)}}`,
    `${text.slice(0, -1)},"x":${'{"":'.repeat(depth >> 2)}1${'}'.repeat(depth >> 2)}}`,
    `${text.slice(0, -1)},"x":${'['.repeat(depth)}`,
    '['.repeat(65_536),
  ])
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
