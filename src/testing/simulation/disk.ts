/** A host's folders of snapshots: two generations in each, and all that disks do. */
import { DepthlineError } from '../../errors.js'
import type { SnapshotDraft, SnapshotStore, StoredSnapshot } from '../../jobs/ports.js'
import type { Offsets } from '../../wire/records.js'
import type { SimulatedProcess } from './process.js'
import type { World } from './world.js'

const GENERATIONS = 2
/** A disk may lie about what it has made durable, for so long. */
const UNSAFE_MS = 2_500
const PIECE_BYTES = 700

export interface SnapshotFile {
  readonly tick: number
  /** Of the job that it belongs to. */
  readonly folder: string
  readonly name: string
  readonly publishedAt: number
  readonly by: SimulatedProcess
  /** Where the input began that its books are made of. */
  readonly base: Offsets
  bytes: Uint8Array
  isDamaged: boolean
}

export class Disk {
  /** No space, or read-only. */
  isRefusing = false
  /** Every file as it was published. */
  readonly published: SnapshotFile[] = []
  /** Damaged files that were loaded all the same. */
  readonly loadedDamaged: string[] = []
  readonly name: string
  readonly #world: World
  #files: SnapshotFile[] = []
  /** By process and name, the file as it was read last. */
  readonly #read = new Map<string, SnapshotFile>()

  constructor(world: World, name: string) {
    this.#world = world
    this.name = name
  }

  storeFor(process: SimulatedProcess, folder = this.name): SnapshotStore {
    return {
      name: folder,
      list: async () => {
        await this.#io(process)
        return this.#files
          .filter((file) => file.folder === folder)
          .map((file) => this.#stored(process, file))
      },
      create: async () => {
        await this.#io(process, true)
        return this.#draft(process, folder)
      },
    }
  }

  /** The process says that it has loaded this one. */
  loaded(process: SimulatedProcess, name: string): void {
    const file = this.#read.get(`${process.name} ${name}`)!
    process.base = file.base
    if (file.isDamaged) this.loadedDamaged.push(`${process.name} loaded ${name}`)
  }

  get files(): readonly SnapshotFile[] {
    return this.#files
  }

  flipBit(): void {
    const { random } = this.#world
    if (this.#files.length === 0) return
    const at = random.below(this.#files.length)
    const bytes = new Uint8Array(this.#files[at]!.bytes)
    if (bytes.length === 0) return
    bytes[random.below(bytes.length)]! ^= 1 << random.below(8)
    this.#files[at] = { ...this.#files[at]!, bytes, isDamaged: true }
    this.#world.count('bits flipped')
  }

  /** Another disk is in its place. */
  empty(): void {
    this.#files = []
  }

  /** The power goes: what was written last may be cut short or not there. */
  losePower(): void {
    const { random, scheduler } = this.#world
    this.#files = this.#files.flatMap((file) => {
      if (file.publishedAt < scheduler.now - UNSAFE_MS || random.chance(0.3)) return [file]
      this.#world.count('files lost or cut by a power cut')
      if (random.chance(0.4)) return []
      const bytes = file.bytes.slice(0, random.below(file.bytes.length))
      return [{ ...file, bytes, isDamaged: true }]
    })
  }

  #stored(process: SimulatedProcess, { tick, name }: SnapshotFile): StoredSnapshot {
    const read = () => {
      const file = this.#files.find((other) => other.name === name)
      if (file !== undefined) this.#read.set(`${process.name} ${name}`, file)
      return this.#pieces(process, file)
    }
    return { tick, name, read }
  }

  async *#pieces(process: SimulatedProcess, file: SnapshotFile | undefined) {
    await this.#io(process)
    if (file === undefined) throw new DepthlineError('FILE_FAILED', 'no such file')
    for (let at = 0; at < file.bytes.length; at += PIECE_BYTES) {
      yield file.bytes.subarray(at, at + PIECE_BYTES)
    }
  }

  #draft(process: SimulatedProcess, folder: string): SnapshotDraft {
    const written: Uint8Array[] = []
    return {
      write: async (bytes) => {
        await this.#io(process, true)
        written.push(bytes.slice())
      },
      publish: async (tick) => {
        await this.#io(process, true)
        const bytes = new Uint8Array(Buffer.concat(written))
        this.#put(process, { folder, tick, bytes })
        await this.#io(process)
      },
      discard: async () => {},
    }
  }

  #put(
    by: SimulatedProcess,
    { folder, tick, bytes }: { folder: string; tick: number; bytes: Uint8Array },
  ): void {
    const name = `${folder}/${tick}.snapshot`
    const publishedAt = this.#world.scheduler.now
    const file = { tick, folder, name, publishedAt, by, base: by.base, bytes, isDamaged: false }
    this.#world.note(by.name, `published ${name}`)
    this.published.push(file)
    const others = this.#files.filter((other) => other.folder !== folder)
    const same = this.#files.filter((other) => other.folder === folder && other.name !== name)
    const kept = [...same, file].sort((a, b) => b.tick - a.tick).slice(0, GENERATIONS)
    this.#files = [...others, ...kept]
  }

  async #io(process: SimulatedProcess, isWrite = false): Promise<void> {
    const { plan, random, isCalm } = this.#world
    const isSlow = !isCalm && plan.faults.has('slowDisk') && random.chance(0.2)
    await process.sleep(isSlow ? random.below(1_500) : random.below(3))
    if (isWrite && this.isRefusing) {
      this.#world.count('writes refused by the disk')
      throw new DepthlineError('FILE_FAILED', `${this.name}: no space left`)
    }
  }
}
