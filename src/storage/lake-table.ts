/** One table of the lake as files: one a round, and of older hours one an hour, while others read along. */
import { lstat, readdir, readFile, readlink, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import type { EpochMs } from '../wire/exchange-records.js'
import type { Column } from './avro-columns.js'
import { type Duck, literal } from './duck.js'
import { isMissing, makeFolder, sync } from './durable-files.js'
import { type Row, timestampText } from './parquet-rows.js'

export interface TableShape {
  readonly name: string
  readonly columns: readonly Column[]
  /** The column with the time of a row's round. */
  readonly roundColumn: string
  /** True where values are so large that two rounds must not be in memory together. */
  readonly isHeavy: boolean
}

/** An hour keeps its files until one that is this much later has begun. */
const OPEN_HOURS = 2
const HOUR_MS = 3_600_000
/** Who began to list a folder just before it was replaced must find all of it, on however slow a machine. */
export const KEPT_MS = 10_000
const WHOLE = 'hour.parquet'
const PARTIAL = '.partial'

/**
 * `<table>/date=…/hour=…` is a link to a folder below `.files`: one of rounds, or one
 * with a single file of the whole hour. A new link over the old one exchanges them in
 * one step, and no name is in both, so that who listed the old folder cannot read a
 * mixture: it meets a file that is missing and reads again.
 *
 * What is made of rounds depends on them alone: no clock, no order of writing. A process
 * that ends between any two steps leaves what {@link repair} takes back or finishes.
 */
export class LakeTable {
  readonly #duck: Duck
  readonly #folder: string
  readonly #files: string
  readonly #shape: TableShape
  readonly #keptMs: number
  /** Hours whose link leads to a folder of rounds. */
  readonly #open = new Set<string>()
  /** Hours whose link has left a folder of rounds that is still there. */
  readonly #replaced = new Set<string>()

  /** @param keptMs how long a replaced folder is kept for those who are listing it */
  constructor(duck: Duck, lake: string, shape: TableShape, keptMs: number) {
    this.#duck = duck
    this.#folder = join(lake, shape.name)
    this.#files = join(lake, '.files', shape.name)
    this.#shape = shape
    this.#keptMs = keptMs
  }

  /** Takes away what a process left that ended between two steps. */
  async repair(): Promise<void> {
    await makeFolder(join(this.#files, 'rounds'))
    await makeFolder(join(this.#files, 'hours'))
    for (const hour of await readdir(join(this.#files, 'rounds'))) {
      const folder = this.#rounds(hour)
      if ((await this.#target(hour)) !== folder) {
        this.#replaced.add(hour)
        continue
      }
      await rm(this.#whole(hour), { recursive: true, force: true })
      for (const name of await readdir(folder)) {
        if (name.endsWith(PARTIAL)) await rm(join(folder, name))
      }
      this.#open.add(hour)
    }
    await this.removeReplaced()
  }

  /** Writes the rows of a round in the place of those that it had, if any. */
  async write(at: EpochMs, rows: readonly Row[]): Promise<void> {
    const hour = hourOf(at)
    if (!this.#open.has(hour)) {
      if ((await this.#target(hour)) !== undefined) return this.#rewrite(hour, at, rows)
      await makeFolder(this.#rounds(hour))
      await this.#link(hour, this.#rounds(hour))
      this.#open.add(hour)
    }
    const path = join(this.#rounds(hour), roundName(at))
    await this.#duck.writeRows(`${path}${PARTIAL}`, this.#shape.columns, rows)
    await publish(`${path}${PARTIAL}`, path)
  }

  /** Makes one file of each hour that is old enough, by the newest hour that has rounds. */
  async compact(): Promise<void> {
    await this.removeReplaced()
    const newest = Math.max(...[...this.#open].map(startOf))
    for (const hour of [...this.#open].sort()) {
      if (startOf(hour) > newest - OPEN_HOURS * HOUR_MS) continue
      const folder = this.#rounds(hour)
      const names = (await readdir(folder)).filter((name) => name.endsWith('.parquet'))
      const files = names.sort().map((name) => join(folder, name))
      await this.#merge(hour, files)
      await this.#link(hour, this.#whole(hour))
      this.#open.delete(hour)
      this.#replaced.add(hour)
    }
  }

  /** Takes away the folders that no link has led to for a while. */
  async removeReplaced(): Promise<void> {
    for (const hour of [...this.#replaced]) {
      const since = await this.#linkedAt(hour)
      if (since !== undefined && Date.now() - since < this.#keptMs) continue
      await rm(this.#rounds(hour), { recursive: true, force: true })
      this.#replaced.delete(hour)
    }
  }

  /** A round of an hour that is one file already: that file is made again, where the rows differ. */
  async #rewrite(hour: string, at: EpochMs, rows: readonly Row[]): Promise<void> {
    const folder = this.#rounds(hour)
    const whole = join(this.#whole(hour), WHOLE)
    const [before, same, now, after] = ['before', 'same', 'now', 'after'].map((name) =>
      join(folder, `${name}${PARTIAL}`),
    ) as [string, string, string, string]
    await rm(folder, { recursive: true, force: true })
    await makeFolder(folder)
    await this.#duck.writeRows(now, this.#shape.columns, rows)
    await this.#extract(same, whole, '=', at)
    if (!(await hasSameBytes(now, same))) {
      await this.#extract(before, whole, '<', at)
      await this.#extract(after, whole, '>', at)
      await this.#merge(hour, [before, now, after])
    }
    await rm(folder, { recursive: true })
  }

  #extract(path: string, whole: string, comparison: string, at: EpochMs): Promise<void> {
    const { roundColumn } = this.#shape
    const condition = `"${roundColumn}" ${comparison} ${literal(timestampText(at))}`
    const groupRows = comparison === '=' ? undefined : this.#groupRows
    return this.#duck.copy(path, [whole], { condition, groupRows })
  }

  /** Files with rounds of an hour, in order, as its one file. */
  async #merge(hour: string, files: readonly string[]): Promise<void> {
    const partial = join(this.#rounds(hour), `${WHOLE}${PARTIAL}`)
    await this.#duck.copy(partial, files, { groupRows: this.#groupRows })
    await makeFolder(this.#whole(hour))
    await publish(partial, join(this.#whole(hour), WHOLE))
  }

  /** A row group for each round, where rounds are heavy. */
  get #groupRows(): number | undefined {
    return this.#shape.isHeavy ? 1 : undefined
  }

  async #link(hour: string, folder: string): Promise<void> {
    const link = this.#linkOf(hour)
    await makeFolder(dirname(link))
    // Made where no reader looks, for it would see the hour twice.
    const made = join(this.#files, `link${PARTIAL}`)
    await rm(made, { force: true })
    await symlink(relative(dirname(link), folder), made)
    for (const path of [folder, dirname(folder)]) await sync(path)
    await rename(made, link)
    for (const path of [dirname(link), this.#folder]) await sync(path)
  }

  /** The folder that an hour's link leads to; undefined where the hour has none. */
  async #target(hour: string): Promise<string | undefined> {
    const link = this.#linkOf(hour)
    try {
      return join(dirname(link), await readlink(link))
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  /** When an hour's link was made; undefined where it has none. */
  async #linkedAt(hour: string): Promise<EpochMs | undefined> {
    try {
      return (await lstat(this.#linkOf(hour))).mtimeMs
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  #linkOf(hour: string): string {
    return join(this.#folder, `date=${hour.slice(0, 10)}`, `hour=${hour.slice(11)}`)
  }

  #rounds(hour: string): string {
    return join(this.#files, 'rounds', hour)
  }

  #whole(hour: string): string {
    return join(this.#files, 'hours', hour)
  }
}

/** Puts a file under its name for good; one with the same bytes is left alone. */
async function publish(partial: string, path: string): Promise<void> {
  if (await hasSameBytes(partial, path)) return rm(partial)
  await sync(partial)
  await rename(partial, path)
  await sync(dirname(path))
}

async function hasSameBytes(path: string, other: string): Promise<boolean> {
  try {
    return (await readFile(path)).equals(await readFile(other))
  } catch (error) {
    if (isMissing(error)) return false
    throw error
  }
}

/** `2026-11-20T10`, UTC. */
function hourOf(at: EpochMs): string {
  return new Date(at).toISOString().slice(0, 13)
}

function startOf(hour: string): EpochMs {
  return Date.parse(`${hour}:00:00Z`)
}

/** `100000.parquet`, UTC; with milliseconds where the round does not begin on a second. */
function roundName(at: EpochMs): string {
  const digits = new Date(at).toISOString().slice(11, 23).replace(/[:.]/g, '')
  return `${digits.replace(/000$/, '')}.parquet`
}
