/** A Parquet file that grows by pieces of any number, and appears when it is whole. */
import { rmSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Column, columnsOf } from './avro-columns.js'
import { Duck } from './duck.js'
import { attempt, makeFolder, sync } from './durable-files.js'
import type { Row } from './parquet-rows.js'
import type { SchemaName } from './schema-files.js'

/** So much text waits in memory, and then becomes a file of its own. */
const PART_LENGTH = 8 * 1024 * 1024

/** The rows of tick messages: the levels, each with its tick. */
function tickColumns(): readonly Column[] {
  const [levels] = columnsOf('order-book')
  const fields =
    levels?.type.kind === 'list' && levels.type.items.kind === 'record'
      ? levels.type.items.fields
      : []
  return [
    { name: 'tick', type: { kind: 'timestamp' }, isNullable: false, keptAsText: false, doc: '' },
    ...fields,
  ]
}

/**
 * Writes parts in a folder beside the file, under the name `.partial`, and joins them at
 * the end; what is in memory does not grow with the file.
 *
 * @throws DepthlineError FILE_FAILED, as all methods do
 */
export async function openParquetFile(path: string): Promise<ParquetFile> {
  return attempt(path, async () => {
    const folder = `${path}.partial`
    rmSync(folder, { recursive: true, force: true })
    await makeFolder(folder)
    return new ParquetFile(path, folder, await Duck.open())
  })
}

export class ParquetFile {
  readonly #path: string
  readonly #folder: string
  readonly #duck: Duck
  readonly #parts: string[] = []
  #columns: readonly Column[] = []
  #waiting: Row[] = []
  #waitingLength = 0
  #largestPart = 1

  constructor(path: string, folder: string, duck: Duck) {
    this.#path = path
    this.#folder = folder
    this.#duck = duck
  }

  /**
   * Adds rows of one kind; the first of them decide on the columns.
   *
   * @param schema of the rows, undefined for levels of ticks
   * @param length of the text that they come from
   * @throws DepthlineError also BAD_RECORD where a row does not fit its columns
   */
  async add(schema: SchemaName | undefined, rows: readonly Row[], length: number): Promise<void> {
    if (this.#columns.length === 0) this.#begin(schema)
    for (const row of rows) this.#waiting.push(row)
    this.#waitingLength += length
    if (this.#waitingLength >= PART_LENGTH) await this.#writePart()
  }

  /** Makes the file appear; one without rows has the columns of ticks. */
  async finish(): Promise<void> {
    if (this.#columns.length === 0) this.#begin(undefined)
    await this.#writePart()
    const whole = join(this.#folder, 'whole')
    await this.#duck.copy(whole, this.#parts, { groupRows: this.#largestPart })
    await attempt(this.#path, async () => {
      await sync(whole)
      await rename(whole, this.#path)
      await sync(dirname(this.#path))
    })
    this.discard()
  }

  /** Takes away what was written so far; also at the end of the process, where nothing can wait. */
  discard(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  close(): void {
    this.#duck.close()
  }

  #begin(schema: SchemaName | undefined): void {
    this.#columns = schema === undefined ? tickColumns() : columnsOf(schema)
  }

  async #writePart(): Promise<void> {
    const part = join(this.#folder, `${this.#parts.length}`)
    await this.#duck.writeRows(part, this.#columns, this.#waiting)
    this.#parts.push(part)
    this.#largestPart = Math.max(this.#largestPart, this.#waiting.length)
    this.#waiting = []
    this.#waitingLength = 0
  }
}
