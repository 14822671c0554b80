/** JSON tokens for hostile records: ids, numbers, symbols and junk, ordinary and awful. */
import type { Random } from './random.js'

const EXTREME_IDS = [
  ...['0', '-0', '-1', '1.0', '1e3', '1E0', '999999999999999', '1000000000000000'],
  ...['9007199254740991', '9007199254740992', '9007199254740993', '18446744073709551615'],
  ...['18446744073709551616', '18446744073709551617', '99999999999999999999', '1234567890123456'],
  ...['"0"', '"1"', '"01"', '"1.0"', '"-1"', '"007"', '"9007199254740993"', '"1234567890123456"'],
  ...['"18446744073709551615"', '"18446744073709551616"', '"\\u0031"', '"\\u0000"', '""'],
  ...['"\\ud800"', '"\\udc00x"', '"\\ud83d\\ude00"', '"😀"', '"é"', '"\\u00e9"', '"/"', '"\\/"'],
  ...['"6fa459ea-ee8a-3ca4-894e-db77e160355e"', '" 1"', '"a\\"b"', '"\uFFFD"', '"\uFEFF1"'],
  ...[`"${'a'.repeat(64)}"`, `"${'a'.repeat(65)}"`, `"${'é'.repeat(32)}"`, `"${'é'.repeat(33)}"`],
  ...[`"${'\\u0061'.repeat(64)}"`, `"${'\\u00e9'.repeat(33)}"`, `"${'9'.repeat(64)}"`],
  ...['true', 'false', 'null', '[]', '[1]', '{}', '{"order_id":1}'],
]

const EXTREME_NUMBERS = [
  ...['0', '0.0', '-0', '-1', '-1e-5', '0e99999', '1e-05', '1e-18', '1e-19', '10e-19', '1e17'],
  ...['1e18', '0.1e18', '0.1e19', '1e400', '1e-400', '1e99999999999', '1e-99999999999'],
  ...['999999999999999999', '999999999999999999.9', '1000000000000000000', '9007199254740993'],
  ...['0.999999999999999999', '0.9999999999999999999', '123456789.012345678', '0.000000001'],
  ...['1234567890.123456789', '123456789012345678', '1234567890123456789', '0.123456789012345678'],
  ...['100000000000000000.0', '1.000000000000000000000000', '0.0000000000000000010', '1E+2'],
  ...['"1"', '"1.50"', '"1e-05"', '" 1"', '"1 "', '"+1"', '".5"', '"1."', '"0x10"', '""', '"1,5"'],
  ...['"\\u0031"', '"1\\u002e5"', '"\\"1"', '"NaN"', '"-1"', '"01"', '"\\ud800"', '"1e"', '"１"'],
  ...['true', 'null', '[1]', '{}', '"1234567890123456789"', '"999999999999999999"'],
]

const SYMBOLS = ['BTC-USDT', 'ETH-USDT', 'A', 'a.b/c:d_e-f', 'Z'.repeat(32)]
const EXTREME_SYMBOLS = [
  ...['""', '"-A"', `"${'Z'.repeat(33)}"`, '"BTC USDT"', '"é"', '"BTC\\u002dUSDT"', '"\\ud800A"'],
  ...['"btc-usdt"', '5', 'null', 'true', '[]', '"A\\u0000"', '"A\\n"', '"\\u0041"', '"１"'],
]

/** Words that JSON does not have and a lenient reader may take. */
const BROKEN_TOKENS = [
  ...['NaN', 'Infinity', '-Infinity', 'undefined', 'True', 'nul', 'nullx', '01', '1.', '.5', '+1'],
  ...['0x10', '1e', '1e+', '--1', "'1'", '"a', '"\\x"', '"\\u12"', '"\\u12g4"', '"\t"', '"\n"'],
  ...['[1,]', '{"a":1,}', '{"a"}', '{a:1}', '[1 2]', '[', ']', '}', ',', ':', '/**/1', '"\u0000"'],
]

/** One of few ids, so that events meet; now and then one of many, so that the tables grow. */
export function ordinaryId(random: Random): number {
  return random.chance(0.95) ? random.below(150) : random.below(10_000)
}

export function extremeId(random: Random): string {
  return random.pick(EXTREME_IDS)
}

export function ordinarySymbol(random: Random): string {
  // Mostly the same one, so that an id rarely changes its symbol.
  return `"${random.chance(0.9) ? SYMBOLS[0] : random.pick(SYMBOLS)}"`
}

export function extremeSymbol(random: Random): string {
  return random.pick(EXTREME_SYMBOLS)
}

export function extremeNumber(random: Random): string {
  return random.pick(EXTREME_NUMBERS)
}

export function brokenToken(random: Random): string {
  return random.pick(BROKEN_TOKENS)
}

/** A price or size of few values, so that orders meet on levels; the same `choice` is the same value. */
export function ordinaryNumber(random: Random, choice: number): string {
  return spell(random, `${1 + (choice % 25)}`, [0, 0, 1, 2, 18][choice % 5]!)
}

/** A value of up to 18 digits anywhere between 10^-18 and 10^18. */
export function anyNumber(random: Random): string {
  let digits = `${1 + random.below(9)}`
  while (random.chance(0.9) && digits.length < 18) digits += `${random.below(10)}`
  const decimals = random.below(37) - 18
  return spell(random, digits, Math.max(decimals, digits.length - 18))
}

/** One of the many ways to write `digits × 10^-decimals`. */
function spell(random: Random, digits: string, decimals: number): string {
  const point = random.below(digits.length + 1)
  const integer = digits.slice(0, point) || '0'
  const fraction = digits.slice(point) + '0'.repeat(random.below(3))
  const exponent = digits.length - point - decimals
  let text = fraction === '' ? integer : `${integer}.${fraction}`
  if (exponent !== 0 || random.chance(0.1)) {
    const sign = exponent < 0 ? '-' : random.pick(['', '+'])
    text += `${random.pick(['e', 'E'])}${sign}${random.pick(['', '0'])}${Math.abs(exponent)}`
  }
  return random.chance(0.2) ? `"${text}"` : text
}

/** Valid JSON of any type and some depth; objects may repeat their keys. */
export function junk(random: Random, depth = 3): string {
  const list = (item: () => string) =>
    Array.from({ length: random.below(4) }, item).join(random.pick([',', ' , ', '\n,']))
  switch (random.below(depth > 0 ? 8 : 5)) {
    case 0:
      return random.pick(['null', 'true', 'false'])
    case 1:
      return anyNumber(random)
    case 2:
      return random.pick(['"OPEN"', '"\\ud800"', '"€"', '"\\\\"', '"\\""', '"}"', '"]"', '","'])
    case 3:
      return random.pick(['-0', '1e999', '-1.5e-7', '0', '123456789012345678901234567890'])
    case 4:
      return random.pick([
        '[]',
        '{}',
        '[ ]',
        '{\t}',
        '"\u007f"',
        '"\u2028"',
        '"\\b\\f\\n\\r\\t\\/"',
      ])
    case 5:
    case 6:
      return `[${list(() => junk(random, depth - 1))}]`
    default:
      return `{${list(() => `"${random.pick(['a', 'size', ''])}":${junk(random, depth - 1)}`)}}`
  }
}

/** A JSON string with some or all of its characters written as escapes. */
export function escaped(random: Random, text: string): string {
  const share = random.pick([0.2, 1])
  const chars = [...text].map((char) => {
    if (!random.chance(share)) return char
    const code = char.charCodeAt(0).toString(16).padStart(4, '0')
    return `\\u${random.chance(0.5) ? code : code.toUpperCase()}`
  })
  return `"${chars.join('')}"`
}
