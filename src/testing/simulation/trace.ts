/** What happened in a simulation, as a hash always and as lines where somebody wants to read them. */

export class Trace {
  readonly lines: string[] = []
  readonly #isKept: boolean
  #hash = 0x811c9dc5

  constructor(isKept: boolean) {
    this.#isKept = isKept
  }

  /** FNV-1a over all lines: two runs of one seed must agree in it. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0')
  }

  note(time: number, who: string, what: string): void {
    const line = `${time.toFixed(2).padStart(9)} ${who.padEnd(7)} ${what}`
    let hash = this.#hash
    for (let at = 0; at < line.length; at++) {
      hash = Math.imul(hash ^ line.charCodeAt(at), 0x01000193)
    }
    this.#hash = hash
    if (this.#isKept) this.lines.push(line)
  }
}
