/** `--by-symbol`: the newest ladder of each symbol beside the one message, which may give way to them. */
import { DepthlineError } from '../errors.js'
import type { Progress } from '../wire/progress.js'
import type { SymbolLadder, Tick } from '../wire/records.js'
import type { OrderProcessor } from './order-processor.js'
import type { BookOutput, Clock, LadderTopic, Log } from './ports.js'
import type { Commit, Publisher } from './publisher.js'

/** So much goes out beside a tick at most; the rest goes with the ticks after it. */
const MAX_TICK_BYTES = 16 * 1024 * 1024
/** So much goes out within a second anywhere. */
const MIN_TICK_BYTES = 256 * 1024
/** A message so long is not tried: it would take seconds, and be above a broker's limit for a request. */
const HOPELESS_BYTES = 256 * 1024 * 1024
/** What a record takes besides its value. */
const RECORD_BYTES = 100
const LOOK_AGAIN_MS = 1_000

type BookCommit = Commit<Progress, BookOutput>

export interface BySymbolParts {
  readonly processor: Pick<OrderProcessor, 'watchSymbols' | 'ladder'>
  readonly publisher: Pick<Publisher<Progress, BookOutput>, 'commit' | 'renew'>
  readonly ladders: LadderTopic
  readonly clock: Clock
  readonly log: Log
}

/**
 * Knows which symbols' newest ladder is not in the topic. A process begins with all of them,
 * for it cannot know what was published before it.
 */
export class BySymbol {
  readonly #parts: BySymbolParts
  readonly #pending = new Set<string>()
  /** Halved where a tick came too late, which would stop all ticks; it grows again slowly, for each trial may cost one. */
  #tickBytes = MAX_TICK_BYTES
  /** The shortest message that the output topic has refused: those as long are not tried. */
  #refusedBytes = HOPELESS_BYTES

  constructor(parts: BySymbolParts) {
    this.#parts = parts
    parts.processor.watchSymbols((symbol) => this.#pending.add(symbol))
  }

  /**
   * Finds the symbols that vanished while nobody was running. The books name all others, so
   * ticks need not wait for it.
   */
  async retireVanished(signal: AbortSignal): Promise<void> {
    const { ladders, processor, clock, log } = this.#parts
    while (!signal.aborted) {
      try {
        for (const symbol of await ladders.symbols(signal)) {
          if (processor.ladder(symbol) === null) this.#pending.add(symbol)
        }
        return
      } catch (error) {
        if (!(error instanceof DepthlineError && error.retriable)) throw error
        log.warn({ topic: ladders.topic, reason: error.message }, 'reading the ladders again')
        await clock.sleep(LOOK_AGAIN_MS, signal)
      }
    }
  }

  /** As {@link Publisher.commit}; a tick takes the ladders along that it has changed. */
  async commit(commit: BookCommit): Promise<boolean> {
    const { tick } = commit.output
    if (tick === undefined) return this.#parts.publisher.commit(commit)
    const ladders = this.#take()
    const behind = this.#pending.size - ladders.length
    const headers =
      behind > 0 ? { ...tick.headers, by_symbol_behind: String(behind) } : tick.headers
    const output = { ...commit.output, tick: { ...tick, headers }, ladders }
    const isPublished = await this.#publish({ ...commit, output }, output.tick)
    this.#tickBytes = isPublished
      ? Math.min(MAX_TICK_BYTES, this.#tickBytes * 1.1)
      : Math.max(MIN_TICK_BYTES, this.#tickBytes / 2)
    // Nothing was printed meanwhile, so these are still the newest.
    if (isPublished) for (const { symbol } of ladders) this.#pending.delete(symbol)
    return isPublished
  }

  /** Those that have waited longest, as many as a tick may take. */
  #take(): SymbolLadder[] {
    const ladders: SymbolLadder[] = []
    let bytes = 0
    for (const symbol of this.#pending) {
      const value = this.#parts.processor.ladder(symbol)
      bytes += RECORD_BYTES + (value?.length ?? 0)
      if (ladders.length > 0 && bytes > this.#tickBytes) break
      ladders.push({ symbol, value })
    }
    return ladders
  }

  /** With the message where the topic takes it, else without. */
  async #publish(commit: BookCommit, tick: Tick): Promise<boolean> {
    const { publisher, log } = this.#parts
    const bytes = tick.value?.length ?? 0
    if (bytes < this.#refusedBytes) {
      try {
        return await publisher.commit(commit)
      } catch (error) {
        if (!(error instanceof DepthlineError && error.code === 'TICK_TOO_LARGE')) throw error
        this.#refusedBytes = bytes
        log.warn({ tick: tick.tick, reason: error.message }, 'the message gives way')
        await publisher.renew()
      }
    }
    return publisher.commit({
      ...commit,
      output: { ...commit.output, tick: this.#withoutBooks(tick) },
    })
  }

  /** Null, because an empty array would say that the books are empty. */
  #withoutBooks(tick: Tick): Tick {
    const headers = { ...tick.headers, by_symbol: this.#parts.ladders.topic }
    return { ...tick, value: null, headers }
  }
}
