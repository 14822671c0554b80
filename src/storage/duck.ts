/** DuckDB in memory: the one place that reads and writes Parquet files. */
import { type DuckDBConnection, DuckDBInstance, type JS } from '@duckdb/node-api'
import { DepthlineError } from '../errors.js'
import { type Column, type ColumnType, SQL_TYPES } from './avro-columns.js'
import { type Row, toRow } from './parquet-rows.js'

const OPTIONS = {
  // With one thread rows stay in order and equal rows give equal bytes.
  threads: '1',
  memory_limit: '512MB',
  // What does not fit into memory is refused: nothing is left in a folder of its own choice.
  temp_directory: '',
  // It would keep a file's old bytes where another comes to lie under the name within a second.
  enable_external_file_cache: 'false',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
}
const PARQUET = 'FORMAT parquet, COMPRESSION zstd'

export type ResultRow = Record<string, JS>

export class Duck {
  readonly #instance: DuckDBInstance
  readonly #connection: DuckDBConnection

  /** Takes 20 ms. */
  static async open(): Promise<Duck> {
    const instance = await DuckDBInstance.create(':memory:', OPTIONS)
    return new Duck(instance, await instance.connect())
  }

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance
    this.#connection = connection
  }

  /**
   * Writes records as a file, in their order.
   *
   * @throws DepthlineError BAD_RECORD where one does not fit its columns, FILE_FAILED
   */
  async writeRows(path: string, columns: readonly Column[], records: readonly Row[]) {
    const rows = records.map((record) => toRow(columns, record))
    const bytes = columns.filter(({ type }) => type.kind === 'bytes').map(({ name }) => name)
    const replaced = bytes.map((name) => `from_base64("${name}") AS "${name}"`).join(', ')
    const selected = replaced === '' ? '*' : `* REPLACE (${replaced})`
    const structure = literal(JSON.stringify([structureOf(columns)]))
    const source = `SELECT unnest(from_json_strict($1, ${structure}), max_depth := 2)`
    const sql = `COPY (SELECT ${selected} FROM (${source})) TO ${literal(path)} (${PARQUET})`
    await this.#attempt(path, () => this.#connection.run(sql, [JSON.stringify(rows)]))
  }

  /**
   * Writes the rows of files, in the order of the files, as one.
   *
   * @param options.condition which of them; all where it is missing
   * @param options.groupRows ends a row group after the piece that fills it, where a file, a row
   * group or 2,048 rows end, so that large values are never in memory together; with 1 each
   * piece is a group
   */
  async copy(
    path: string,
    files: readonly string[],
    options: { condition?: string; groupRows?: number | undefined } = {},
  ): Promise<void> {
    const { condition = 'true', groupRows } = options
    const groups = groupRows === undefined ? '' : `, ROW_GROUP_SIZE ${groupRows}`
    const source = `FROM ${parquet(files)} WHERE ${condition}`
    const sql = `COPY (${source}) TO ${literal(path)} (${PARQUET}${groups})`
    await this.#attempt(path, () => this.#connection.run(sql))
  }

  async rows(sql: string): Promise<ResultRow[]> {
    return this.#attempt('the lake', async () => {
      const reader = await this.#connection.runAndReadAll(sql)
      return reader.getRowObjectsJS()
    })
  }

  /** As {@link rows}, with one piece in memory at a time. */
  async *stream(path: string, sql: string): AsyncGenerator<ResultRow> {
    const result = await this.#attempt(path, () => this.#connection.stream(sql))
    const pieces = result.yieldRowObjectJs()
    for (;;) {
      const { done, value } = await this.#attempt(path, () => pieces.next())
      if (done === true) return
      yield* value
    }
  }

  close(): void {
    this.#connection.closeSync()
    this.#instance.closeSync()
  }

  async #attempt<T>(path: string, step: () => Promise<T>): Promise<T> {
    try {
      return await step()
    } catch (cause) {
      const [reason = ''] = (cause as Error).message.split('\n')
      // A writer takes files away when it has put their rows into another one.
      const retriable = /No files found|No such file|Cannot open file/.test(reason)
      const message = `${path}: ${reason.slice(0, 500)}`
      throw new DepthlineError('FILE_FAILED', message, { cause, retriable })
    }
  }
}

/** `read_parquet` over exactly these files, or patterns. */
export function parquet(files: readonly string[]): string {
  return `read_parquet([${files.map(literal).join(', ')}], hive_partitioning = false)`
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** The shape of {@link toRow}'s objects, as `from_json_strict` wants it told. */
function structureOf(columns: readonly Column[]): Record<string, unknown> {
  const entries = columns.flatMap(({ name, type, keptAsText }) => [
    [name, shapeOf(type)],
    ...(keptAsText ? [[`${name}_text`, 'VARCHAR']] : []),
  ])
  return Object.fromEntries(entries)
}

function shapeOf(type: ColumnType): unknown {
  if (type.kind === 'list') return [shapeOf(type.items)]
  if (type.kind === 'record') return structureOf(type.fields)
  return type.kind === 'bytes' ? 'VARCHAR' : SQL_TYPES[type.kind]
}
