/** The frames of a snapshot: each checksummed, and chained to the one before. */
import { createHash } from 'node:crypto'
import { DepthlineError } from '../errors.js'

/**
 * A snapshot is a preamble of 16 bytes and then frames: a header of 40 bytes and
 * the payload, whose length is a multiple of 8. All numbers are little-endian.
 *
 * ```
 * preamble   magic "DEPTHLN\n", u32 format, u32 0
 * header     u32 payload length, u32 type, SHA-256
 * ```
 *
 * The digest is over the digest before it (of the preamble, for the first frame), the
 * 8 header bytes before it, and the payload: a frame that is changed, missing, twice or
 * out of its place shows. The frame of type {@link META} is the last, and nothing follows it.
 */
export const FORMAT = 1

/** States of ids: {@link StateWriter}. */
export const STATES = 1
/** Closed ids of one partition: {@link ClosedWriter}. */
export const CLOSED = 2
/** The meta data, JSON padded with spaces. */
export const META = 3

const MAGIC = 'DEPTHLN\n'
const PREAMBLE_BYTES = 16
const DIGEST_AT = 8
const HEADER_BYTES = 40
/** Above all that is ever written: 4,096 entries take at most 533 KB, meta data a few KB. */
const MAX_PAYLOAD_BYTES = 4 * 1024 * 1024

export interface Frame {
  readonly type: number
  /** Starts at a multiple of 8; overwritten when the next frame is asked for. */
  readonly payload: Uint8Array<ArrayBuffer>
}

/** Puts payloads into frames, in the order in which they are going to lie. */
export class FrameWriter {
  #digest = sha256(preamble())
  #isFirst = true

  constructor() {
    refuseBigEndian()
  }

  /** The frame as bytes of its own, the first with the preamble before it. */
  frame(type: number, payload: Uint8Array): Uint8Array {
    if (payload.length % 8 !== 0 || payload.length > MAX_PAYLOAD_BYTES) {
      throw new Error(`a snapshot frame cannot hold ${payload.length} bytes`)
    }
    const start = this.#isFirst ? PREAMBLE_BYTES : 0
    const bytes = new Uint8Array(start + HEADER_BYTES + payload.length)
    if (this.#isFirst) bytes.set(preamble())
    this.#isFirst = false
    const header = new DataView(bytes.buffer, start, DIGEST_AT)
    header.setUint32(0, payload.length, true)
    header.setUint32(4, type, true)
    bytes.set(payload, start + HEADER_BYTES)
    this.#digest = sha256(this.#digest, bytes.subarray(start, start + DIGEST_AT), payload)
    bytes.set(this.#digest, start + DIGEST_AT)
    return bytes
  }
}

/**
 * Yields the frames of a snapshot, each once it is verified; ends after the last one
 * where nothing follows it.
 *
 * @throws DepthlineError SNAPSHOT_REFUSED where a single bit is not as it was written
 */
export async function* readFrames(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  refuseBigEndian()
  const source = new ByteSource(pieces)
  const start = new Uint8Array(PREAMBLE_BYTES)
  await source.fill(start)
  checkPreamble(start)
  let digest = sha256(start)
  let buffer = new ArrayBuffer(0)
  const header = new Uint8Array(HEADER_BYTES)
  for (let number = 0; ; number++) {
    await source.fill(header)
    const view = new DataView(header.buffer)
    const length = view.getUint32(0, true)
    const type = view.getUint32(4, true)
    if (length % 8 !== 0 || length > MAX_PAYLOAD_BYTES) throw damaged(number, source)
    if (length > buffer.byteLength) buffer = new ArrayBuffer(length)
    const payload = new Uint8Array(buffer, 0, length)
    await source.fill(payload)
    digest = sha256(digest, header.subarray(0, DIGEST_AT), payload)
    if (!isEqual(digest, header.subarray(DIGEST_AT))) throw damaged(number, source)
    if (type === META && !(await source.isAtEnd())) {
      throw refused(`bytes follow its end at ${source.position}`)
    }
    yield { type, payload }
    if (type === META) return
  }
}

export function refused(reason: string, cause?: unknown): DepthlineError {
  return new DepthlineError('SNAPSHOT_REFUSED', `the snapshot is refused: ${reason}`, { cause })
}

function damaged(number: number, source: ByteSource): DepthlineError {
  return refused(`frame ${number}, which was read up to byte ${source.position}, is damaged`)
}

/** Bytes in portions of any length, taken out of pieces of any other. */
class ByteSource {
  /** How many bytes were taken. */
  position = 0
  readonly #pieces: AsyncIterator<Uint8Array>
  #piece = new Uint8Array(0)
  #at = 0

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.#pieces = pieces[Symbol.asyncIterator]()
  }

  /** @throws DepthlineError SNAPSHOT_REFUSED where the pieces end before `target` is full */
  async fill(target: Uint8Array): Promise<void> {
    let filled = 0
    while (filled < target.length) {
      if (await this.isAtEnd()) throw refused(`it is cut short at byte ${this.position}`)
      const part = this.#piece.subarray(this.#at, this.#at + target.length - filled)
      target.set(part, filled)
      filled += part.length
      this.#at += part.length
      this.position += part.length
    }
  }

  async isAtEnd(): Promise<boolean> {
    while (this.#at === this.#piece.length) {
      const { done, value } = await this.#pieces.next()
      if (done) return true
      this.#piece = value as Uint8Array<ArrayBuffer>
      this.#at = 0
    }
    return false
  }
}

function preamble(): Uint8Array {
  const bytes = new Uint8Array(PREAMBLE_BYTES)
  new TextEncoder().encodeInto(MAGIC, bytes)
  new DataView(bytes.buffer).setUint32(MAGIC.length, FORMAT, true)
  return bytes
}

function checkPreamble(bytes: Uint8Array): void {
  const expected = preamble()
  const view = new DataView(bytes.buffer)
  const format = view.getUint32(MAGIC.length, true)
  if (!isEqual(bytes.subarray(0, MAGIC.length), expected.subarray(0, MAGIC.length))) {
    throw refused('it does not begin as one')
  }
  if (format !== FORMAT) {
    throw refused(`its format is ${format}, and this version of depthline reads ${FORMAT} only`)
  }
  if (!isEqual(bytes, expected)) throw refused('its first 16 bytes are damaged')
}

function sha256(...parts: Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  // As text: the first digest that comes as a Buffer makes V8 throw away all compiled code that
  // reads typed arrays, which is most of it, and a tick of that second comes 20 to 50 ms late.
  return Uint8Array.from(hash.digest('binary'), (char) => char.charCodeAt(0))
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}

/** Payloads are read and written through typed arrays, which have the order of the machine. */
function refuseBigEndian(): void {
  const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1
  if (!isLittleEndian) throw refused('this machine is big-endian, and snapshots are little-endian')
}
