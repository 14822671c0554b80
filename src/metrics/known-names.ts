/** Keeps a label from growing without bound: names that come from outside count only as far as they are few and short. */

const MAX_NAMES = 32
const MAX_LENGTH = 40
const OTHER = 'other'

export class KnownNames {
  readonly #names = new Set<string>()

  /** The name itself, or `other` where too many others came before it or it is too long. */
  labelOf(name: string): string {
    if (this.#names.has(name)) return name
    if (this.#names.size === MAX_NAMES || name.length > MAX_LENGTH) return OTHER
    this.#names.add(name)
    return name
  }
}
