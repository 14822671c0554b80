/** How the records of a topic become the values of its messages, and back. */

/** The first byte of what a schema registry frames; no JSON begins with it. */
export const REGISTRY_BYTE = 0

export interface RecordReader<T> {
  /** Name of the record's schema, such as `depthline.ExchangePoll`. */
  readonly schema: string
  /** @throws DepthlineError BAD_RECORD where the value is not such a record */
  decode(value: Uint8Array): Promise<T>
}

export interface RecordCodec<T> extends RecordReader<T> {
  /** @throws DepthlineError BAD_RECORD where the record is not what its schema says */
  encode(record: T): Promise<Uint8Array>
}
