/** Just enough of Kafka's wire format to know which request goes by, and which reply belongs to it. */

/** The api keys that faults are aimed at. */
export const Api = {
  Produce: 0,
  Fetch: 1,
  Metadata: 3,
  FindCoordinator: 10,
  JoinGroup: 11,
  InitProducerId: 22,
  AddPartitionsToTxn: 24,
  AddOffsetsToTxn: 25,
  EndTxn: 26,
  TxnOffsetCommit: 28,
} as const

export interface KafkaRequest {
  readonly api: number
  readonly correlationId: number
  readonly clientId: string
  /** The whole request with its length before it. */
  readonly frame: Buffer
}

export interface KafkaReply {
  readonly request: KafkaRequest
  readonly frame: Buffer
}

const LENGTH_BYTES = 4

export function parseRequest(frame: Buffer): KafkaRequest {
  const idLength = Math.max(0, frame.readInt16BE(12))
  return {
    api: frame.readInt16BE(4),
    correlationId: frame.readInt32BE(8),
    clientId: frame.toString('utf8', 14, 14 + idLength),
    frame,
  }
}

export function correlationIdOf(reply: Buffer): number {
  return reply.readInt32BE(LENGTH_BYTES)
}

/** Whether the request names the topic. */
export function names({ frame }: KafkaRequest, topic: string): boolean {
  return frame.includes(kafkaString(topic))
}

/** Whether an EndTxn committed its transaction; versions below 3, as KafkaJS sends. */
export function hasCommitted({ request, frame }: KafkaReply): boolean {
  // It ends with what is asked for; its reply is a correlation id, a throttle time, an error code.
  return request.frame.at(-1) === 1 && frame.readInt16BE(LENGTH_BYTES + 8) === 0
}

export interface Address {
  readonly host: string
  readonly port: number
}

/** The reply with another address wherever it says `host:port`, and with the length that it has then. */
export function redirect(reply: Buffer, { from, to }: { from: Address; to: Address }): Buffer {
  const [old, replacement] = [addressBytes(from), addressBytes(to)]
  const parts: Buffer[] = []
  let done = LENGTH_BYTES
  for (let at = done; (at = reply.indexOf(old, at)) >= 0; at = done) {
    parts.push(reply.subarray(done, at), replacement)
    done = at + old.length
  }
  const content = Buffer.concat([...parts, reply.subarray(done)])
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeInt32BE(content.length)
  return Buffer.concat([length, content])
}

function addressBytes({ host, port }: Address): Buffer {
  const bytes = Buffer.alloc(LENGTH_BYTES)
  bytes.writeInt32BE(port)
  return Buffer.concat([kafkaString(host), bytes])
}

function kafkaString(text: string): Buffer {
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(2)
  length.writeInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** Cuts a stream of bytes into frames, each with its length before it. */
export class FrameSplitter {
  #chunks: Buffer[] = []
  #length = 0
  #wanted = LENGTH_BYTES

  push(chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk)
    this.#length += chunk.length
    // A fetch comes in a hundred chunks; they are joined once, when all are there.
    if (this.#length < this.#wanted) return []
    let rest = Buffer.concat(this.#chunks)
    const frames: Buffer[] = []
    for (;;) {
      this.#wanted = LENGTH_BYTES
      if (rest.length >= LENGTH_BYTES) this.#wanted += rest.readInt32BE(0)
      if (rest.length < this.#wanted) break
      frames.push(rest.subarray(0, this.#wanted))
      rest = rest.subarray(this.#wanted)
    }
    this.#chunks = [rest]
    this.#length = rest.length
    return frames
  }
}
