/** Messages divided into requests that a broker takes. */
import type { Message } from 'kafkajs'
import type { DeadLetter, SymbolLadder, Tick } from '../wire/records.js'
import { type Send, sizeOf } from './transactional-producer.js'

/** KafkaJS puts all messages of a send into one batch, and the broker refuses large batches. */
const MAX_SEND_BYTES = 512 * 1024
/** For each message of a send KafkaJS copies the list of those before it, so ten thousand cost fifty million. */
const MAX_SEND_MESSAGES = 1_000

/** In order; a message above the limit of bytes goes alone. */
export function* inSends(
  topic: string,
  messages: readonly Message[],
  tooLarge: Send['tooLarge'],
): Generator<Send> {
  let send: Message[] = []
  let bytes = 0
  for (const message of messages) {
    const isFull = bytes + sizeOf(message) > MAX_SEND_BYTES || send.length === MAX_SEND_MESSAGES
    if (send.length > 0 && isFull) {
      yield { topicMessages: [{ topic, messages: send }], tooLarge }
      send = []
      bytes = 0
    }
    send.push(message)
    bytes += sizeOf(message)
  }
  if (send.length > 0) yield { topicMessages: [{ topic, messages: send }], tooLarge }
}

export function deadLetterMessage({ key, value, headers }: DeadLetter): Message {
  return {
    key: key === null ? null : asBuffer(key),
    value: value === null ? null : asBuffer(value),
    headers: { ...headers },
  }
}

/** Its partition follows from the symbol, so that compaction keeps the newest of each. */
export function ladderMessage({ symbol, value }: SymbolLadder, { tick, headers }: Tick): Message {
  const { version = '' } = headers
  return {
    key: symbol,
    value: value === null ? null : asBuffer(value),
    timestamp: String(tick * 1000),
    headers: { tick: String(tick), version },
  }
}

/** The same memory, as KafkaJS wants it. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
