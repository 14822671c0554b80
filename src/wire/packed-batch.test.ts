import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buffersOf, PackedBatch, pack } from './packed-batch.js'
import { RecordList } from './record-batch.js'
import type { InputRecord } from './records.js'

/** Records whose fields lie in one block, in blocks of their own, or are null. */
function recordsOf(fields: readonly (readonly [string | null, string | null, boolean])[]) {
  const block = Buffer.from(fields.map(([key, value]) => `#${key ?? ''}#${value ?? ''}`).join(''))
  let at = 0
  const cut = (text: string | null, isShared: boolean) => {
    const length = Buffer.byteLength(text ?? '')
    const bytes = block.subarray(at + 1, at + 1 + length)
    at += 1 + length
    if (text === null) return null
    return isShared ? bytes : new Uint8Array(bytes)
  }
  let offset = 10
  return fields.map(([key, value, isShared], index): InputRecord => {
    offset += isShared ? 1 : 3
    const timestamp = String(1_795_286_466_000 + index)
    const keyBytes = cut(key, isShared)
    return { key: keyBytes, value: cut(value, isShared), offset: String(offset), timestamp }
  })
}

const text = fc.option(fc.string({ maxLength: 12 }), { nil: null })
const fields = fc.array(fc.tuple(text, text, fc.boolean()), { minLength: 1, maxLength: 30 })

describe('a packed batch', () => {
  it('holds what a list of the same records holds, after it has passed between threads', () => {
    fc.assert(
      fc.property(fields, (list) => {
        const records = recordsOf(list)
        const packed = pack(3, records)
        const moved = structuredClone(packed, { transfer: buffersOf(packed) })
        const batch = new PackedBatch(moved)
        const plain = new RecordList(3, records)
        expect([batch.partition, batch.length]).toEqual([3, records.length])
        for (let index = 0; index < records.length; index++) {
          expect(batch.offsetAt(index)).toBe(plain.offsetAt(index))
          expect(textAt(batch, index)).toEqual(textAt(plain, index))
          expect(asText(batch.recordAt(index))).toEqual(asText(plain.recordAt(index)))
        }
      }),
      { seed: 5, numRuns: 300 },
    )
  })

  it('holds them where record batches lie in memory of their own, some of them with a context', () => {
    const batches = fc.array(fc.tuple(fields, fc.boolean()), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(batches, (lists) => {
        const cuts = lists.flatMap(([list, isDecoded]) => {
          const cut = recordsOf(list.map(([key, value]) => [key, value, true]))
          const batchContext = {}
          return isDecoded ? cut.map((record) => ({ ...record, batchContext })) : cut
        })
        const records = cuts.map((record, index) => ({ ...record, offset: String(index) }))
        const batch = new PackedBatch(pack(3, records))
        const plain = new RecordList(3, records)
        for (let index = 0; index < records.length; index++) {
          expect(asText(batch.recordAt(index))).toEqual(asText(plain.recordAt(index)))
        }
      }),
      { seed: 6, numRuns: 300 },
    )
  })

  it('takes no more room than the block that its records lie in', () => {
    const records = recordsOf(Array.from({ length: 100 }, () => ['key', 'value', true] as const))
    expect(pack(0, records).bytes.length).toBe(100 * '#key#value'.length - 1)
  })
})

function textAt(batch: PackedBatch | RecordList, index: number): string | null {
  const bytes = batch.bytesAt(index)
  if (bytes === null) return null
  return Buffer.from(bytes.subarray(batch.startAt(index), batch.endAt(index))).toString()
}

function asText({ key, value, offset, timestamp }: InputRecord) {
  const textOf = (bytes: Uint8Array | null) => bytes && Buffer.from(bytes).toString()
  return { key: textOf(key), value: textOf(value), offset, timestamp }
}
