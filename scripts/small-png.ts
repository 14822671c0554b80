/** Makes a screenshot's PNG smaller: a browser chooses its filters for photographs, and eyes do not see 8 bits a channel. */
import { crc32, deflateSync, inflateSync } from 'node:zlib'

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10])
/** The only form that Chromium writes here: 8 bits a channel, red, green and blue. */
const RGB = 2
const BYTES_A_PIXEL = 3
const SUB = 1
const UP = 2
const AVERAGE = 3
const PAETH = 4

/** The same picture with 6 bits a channel, filtered not at all, which suits areas of one colour. */
export function smallPng(png: Buffer): Buffer {
  const { header, data } = read(png)
  if (header[8] !== 8 || header[9] !== RGB) return png
  const width = header.readUInt32BE(0)
  const rows = unfiltered(inflateSync(data), width * BYTES_A_PIXEL)
  const length = width * BYTES_A_PIXEL + 1
  const coarse = rows.map((value, at) => (at % length === 0 ? value : sixBits(value)))
  const small = deflateSync(coarse, { level: 9, memLevel: 9 })
  const chunks = [chunk('IHDR', header), chunk('IDAT', small), chunk('IEND', Buffer.alloc(0))]
  const made = Buffer.concat([SIGNATURE, ...chunks])
  return made.length < png.length ? made : png
}

/** White stays white. */
function sixBits(value: number): number {
  const nearest = Math.min(0xff, value + 2) & 0xfc
  return nearest | (nearest >> 6)
}

function read(png: Buffer): { header: Buffer; data: Buffer } {
  let header = Buffer.alloc(13)
  const data: Buffer[] = []
  for (let at = SIGNATURE.length; at < png.length; ) {
    const length = png.readUInt32BE(at)
    const type = png.toString('latin1', at + 4, at + 8)
    const body = png.subarray(at + 8, at + 8 + length)
    if (type === 'IHDR') header = Buffer.from(body)
    if (type === 'IDAT') data.push(body)
    at += length + 12
  }
  return { header, data: Buffer.concat(data) }
}

/** Each row begins with the number of its filter, here 0 when it is done. */
function unfiltered(rows: Buffer, length: number): Buffer {
  for (let start = 0; start < rows.length; start += length + 1) {
    const filter = rows[start]!
    for (let at = 1; at <= length; at++) {
      const left = at > BYTES_A_PIXEL ? rows[start + at - BYTES_A_PIXEL]! : 0
      const above = start > 0 ? rows[start + at - length - 1]! : 0
      const corner =
        start > 0 && at > BYTES_A_PIXEL ? rows[start + at - length - 1 - BYTES_A_PIXEL]! : 0
      rows[start + at] = rows[start + at]! + predicted(filter, { left, above, corner })
    }
    rows[start] = 0
  }
  return rows
}

function predicted(
  filter: number,
  { left, above, corner }: { left: number; above: number; corner: number },
): number {
  if (filter === SUB) return left
  if (filter === UP) return above
  if (filter === AVERAGE) return (left + above) >> 1
  if (filter !== PAETH) return 0
  const guess = left + above - corner
  const [byLeft, byAbove, byCorner] = [left, above, corner].map((one) => Math.abs(guess - one))
  if (byLeft! <= byAbove! && byLeft! <= byCorner!) return left
  return byAbove! <= byCorner! ? above : corner
}

function chunk(type: string, body: Buffer): Buffer {
  const made = Buffer.alloc(body.length + 12)
  made.writeUInt32BE(body.length, 0)
  made.write(type, 4, 'latin1')
  body.copy(made, 8)
  made.writeUInt32BE(crc32(made.subarray(4, body.length + 8)), body.length + 8)
  return made
}
