/** Decimals written as bytes against their text. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Decimal, fromUnits, toText } from '../book/decimal.js'
import { ByteWriter } from './byte-writer.js'

const LIMB = 1_000_000_000

const units = fc.oneof(
  fc.maxSafeNat(),
  fc.nat(2000),
  // Around multiples of a limb, where the division into two halves could round.
  fc
    .tuple(fc.integer({ min: 0, max: 9_007_199 }), fc.integer({ min: -2, max: 2 }))
    .map(([high, low]) => Math.max(0, high * LIMB + low)),
  fc.tuple(fc.nat(99_999), fc.integer({ min: 0, max: 10 })).map(([n, power]) => n * 10 ** power),
)

function written(value: Decimal): string {
  const writer = new ByteWriter()
  writer.begin(1)
  writer.text('<')
  writer.decimal(value)
  writer.byte('>'.charCodeAt(0))
  return new TextDecoder().decode(writer.take())
}

test('a number is written in the digits of its text', () => {
  const scale = fc.integer({ min: 0, max: 20 })
  fc.assert(
    fc.property(units, scale, (number, scale) => {
      const value = { units: number, scale }
      expect(written(value)).toBe(`<${toText(value)}>`)
    }),
    { seed: 1, numRuns: 5000 },
  )
})

test.each([
  ['9007199254740991', 0],
  ['9007199254740991', 16],
  ['9007199254740991', 18],
  ['9007199254740993', 4],
  ['-15', 1],
  ['0', 9],
  ['1', 40],
])('%s by ten to the %i', (units, scale) => {
  const value = fromUnits(BigInt(units), scale)
  expect(written(value)).toBe(`<${toText(value)}>`)
})
