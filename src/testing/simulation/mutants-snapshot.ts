/** Mutants whose snapshots say something else than they hold, or are believed although damaged. */
import { DepthlineError } from '../../errors.js'
import type { SnapshotStore, StoredSnapshot } from '../../jobs/ports.js'
import { type Frame, FrameWriter, META, readFrames, STATES } from '../../wire/snapshot-frames.js'
import type { Mutant } from './supervisor.js'

type Meta = { offsets: number[]; lastRecords: string[] } & Record<string, unknown>

export const snapshotMutants: Readonly<Record<string, Mutant>> = {
  'a snapshot is read as if it were older': changeMeta(({ offsets, ...meta }) => ({
    ...meta,
    offsets: offsets.map((offset) => Math.max(0, offset - 1)),
    lastRecords: offsets.map(() => ''),
  })),

  'a snapshot is read as if it were newer': changeMeta(({ offsets, ...meta }) => ({
    ...meta,
    offsets: offsets.map((offset) => offset + 1),
    lastRecords: offsets.map(() => ''),
  })),

  'a snapshot has lost its orders and does not know': changeFrames((frames) => {
    const kept = frames.filter(({ type }) => type !== STATES)
    return withMeta(kept, (meta) => ({ ...meta, openOrders: 0, waitingCloses: 0 }))
  }),

  'damage of a snapshot goes unnoticed': (ports) => ({
    ...ports,
    snapshots: ports.snapshots.map((store) => ({
      ...store,
      list: async () => (await store.list()).map(withNewChecksums),
    })),
  }),

  'snapshots are published before their tick is committed': (ports, process) => {
    const { transactions } = ports
    return {
      ...ports,
      transactions: {
        readProgress: () => transactions.readProgress(),
        followProgress: (handle, signal) => transactions.followProgress(handle, signal),
        fence: async () => {
          const transactor = await transactions.fence()
          return {
            discard: () => transactor.discard(),
            commit: async (writes, isTooLate) => {
              if (writes.tick === undefined) return transactor.commit(writes, isTooLate)
              // The job goes on as if it were done, and the commit comes behind the snapshot.
              const done = process.sleep(300).then(() => transactor.commit(writes, isTooLate))
              done.catch(() => {})
              return true
            },
          }
        },
      },
    }
  },
}

/** A mutant that reads snapshots with other meta data, well-formed in all other ways. */
function changeMeta(change: (meta: Meta) => Record<string, unknown>): Mutant {
  return changeFrames((frames) => withMeta(frames, change))
}

function withMeta(frames: Frame[], change: (meta: Meta) => Record<string, unknown>): Frame[] {
  return frames.map((frame) => {
    if (frame.type !== META) return frame
    const text = JSON.stringify(change(JSON.parse(new TextDecoder().decode(frame.payload))))
    const length = Math.ceil(text.length / 8) * 8
    return { type: META, payload: new TextEncoder().encode(text.padEnd(length)) }
  })
}

function changeFrames(change: (frames: Frame[]) => Frame[]): Mutant {
  return (ports) => ({
    ...ports,
    snapshots: ports.snapshots.map(
      (store): SnapshotStore => ({
        name: store.name,
        create: () => store.create(),
        list: async () => (await store.list()).map((stored) => rewritten(stored, change)),
      }),
    ),
  })
}

function rewritten(stored: StoredSnapshot, change: (frames: Frame[]) => Frame[]): StoredSnapshot {
  const read = async function* () {
    const frames: Frame[] = []
    // The payload is overwritten when the next frame is asked for.
    for await (const { type, payload } of readFrames(stored.read())) {
      frames.push({ type, payload: payload.slice() })
    }
    yield* encoded(change(frames))
  }
  return { ...stored, read }
}

/** The frames as they lie there, whatever their digests say, digested anew. */
function withNewChecksums(stored: StoredSnapshot): StoredSnapshot {
  const read = async function* () {
    const pieces: Uint8Array[] = []
    for await (const piece of stored.read()) pieces.push(piece.slice())
    const bytes = new Uint8Array(Buffer.concat(pieces))
    const view = new DataView(bytes.buffer)
    const frames: Frame[] = []
    for (let at = 16; at + 40 <= bytes.length; ) {
      const length = view.getUint32(at, true)
      const payload = bytes.slice(at + 40, at + 40 + length)
      if (length % 8 !== 0 || payload.length < length) break
      frames.push({ type: view.getUint32(at + 4, true), payload })
      at += 40 + length
    }
    if (frames.at(-1)?.type !== META) throw new DepthlineError('SNAPSHOT_REFUSED', 'cut short')
    yield* encoded(frames)
  }
  return { ...stored, read }
}

function* encoded(frames: readonly Frame[]): Generator<Uint8Array> {
  const writer = new FrameWriter()
  for (const { type, payload } of frames) yield writer.frame(type, payload)
}
