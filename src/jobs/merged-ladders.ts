/** The symbols of the merger's messages, for `--by-symbol`: its books may begin anew, and with them their printer. */
import type { TickPrinter } from '../wire/tick-message.js'

type OnChange = (symbol: string) => void

export class MergedLadders {
  #printer: TickPrinter | undefined
  #onChange: OnChange = () => {}

  /** As {@link TickPrinter.watch}, over all printers. */
  watchSymbols(onChange: OnChange): void {
    this.#onChange = onChange
    this.#printer?.watch(onChange)
  }

  /** Says who printed the last message; what the one before knew may have vanished meanwhile. */
  printedBy(printer: TickPrinter): void {
    if (printer === this.#printer) return
    this.#printer?.watch(this.#onChange)
    printer.watch(this.#onChange)
    this.#printer = printer
  }

  /** As {@link TickPrinter.ladder}. */
  ladder(symbol: string): Uint8Array | null {
    return this.#printer?.ladder(symbol) ?? null
  }
}
