/** What the server needs of the world outside it, as src/cli/serve.ts joins it to Kafka and the lake. */

/** A message of the output topic, Avro already turned into its text. */
export interface TickRecord {
  /** Undefined where the value could not be read as text at all. */
  readonly text: string | undefined
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds since 1970. */
  readonly timestampMs: number
}

/** Ticks that are no longer in memory. */
export interface TickHistory {
  /** In the order of the topic; may begin before `from` and go on after `to`. */
  read(range: TickRange, signal: AbortSignal): AsyncIterable<TickRecord>
}

/** Epoch seconds, both included. */
export interface TickRange {
  readonly from: number
  readonly to: number
}

export type Cell = string | number | readonly string[] | null

export interface Table {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

export interface LakeRange {
  /** Milliseconds since 1970. */
  readonly since: number
  readonly market: string | undefined
}

export interface Lake {
  /** Undefined where there is no lake. */
  report(question: 'mid' | 'depth', range: LakeRange): Promise<Table | undefined>
}

/** What `depthline verify --follow` has found so far, where it runs. */
export interface Verified {
  readonly ticks: number
  readonly wrong: number
  /** The last tick that was compared. */
  readonly to: number | null
  readonly as_of: string
}

/** How far the reading of a topic is. */
export type FeedState =
  | { readonly kind: 'waiting'; readonly why: string }
  | { readonly kind: 'reading' }
  /** Read up to what the topic held when reading began. */
  | { readonly kind: 'live' }

export interface WebLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Milliseconds since 1970. */
export type Now = () => number
