/** Named moments in which the processor is killed with -9, seen from outside: on the wire and on disk. */
import { existsSync, type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Api } from '../src/testing/kafka-frames.js'
import type { FaultKind } from '../src/testing/kafka-proxy.js'
import type { Scene } from './scene.js'

/** Kills the scene's leader in that moment; gives the time, or undefined where the moment never came. */
export type KillPoint = (scene: Scene) => Promise<number | undefined>

const POINT_LIMIT_MS = 20_000

export const KILL_POINTS: Readonly<Record<string, KillPoint>> = {
  'before the fence': atStart({ api: Api.InitProducerId, kind: 'drop' }),
  fenced: atStart({ api: Api.InitProducerId, kind: 'answer' }),
  'claim sent': atStart({ api: Api.EndTxn, kind: 'deliver' }),
  'claim reply lost': atStart({ api: Api.EndTxn, kind: 'lose reply' }),
  'reading the backlog': atStart({ api: Api.Fetch, kind: 'answer', ofInput: true, nth: 2 }),
  'tick: partitions added': atTick(Api.AddPartitionsToTxn, 'answer'),
  'tick: produce sent': atTick(Api.Produce, 'deliver'),
  'tick: produce answered': atTick(Api.Produce, 'answer'),
  'tick: commit never arrives': atCommit('drop'),
  'tick: commit sent': atCommit('deliver'),
  'tick: commit reply lost': atCommit('lose reply'),
  'snapshot: being written': atSnapshot('written'),
  'snapshot: renamed': atSnapshot('renamed'),
}

/** While the leader is ticking. */
export async function atRandom(scene: Scene): Promise<number> {
  await sleep(500 + Math.random() * 2_000)
  return killLeader(scene)
}

function killLeader({ leader }: Scene): number {
  leader.signal('SIGKILL')
  return Date.now()
}

interface StartMoment {
  readonly api: number
  readonly kind: FaultKind
  /** Only requests that name the input topic. */
  readonly ofInput?: boolean
  readonly nth?: number
}

/** A leader that starts after a kill is killed in its turn. */
function atStart({ api, kind, ofInput = false, nth = 1 }: StartMoment): KillPoint {
  return async (scene) => {
    await scene.leader.stop('SIGKILL')
    const topic = ofInput ? { topic: scene.input } : {}
    return killedWithin(scene, (kill) => {
      scene.leader = scene.start([], (clientId) => {
        scene.proxy.arm({ clientId, api, nth, ...topic }, { kind, onStrike: kill })
      })
    })
  }
}

function atTick(api: number, kind: FaultKind): KillPoint {
  return (scene) =>
    killedWithin(scene, (kill) => {
      scene.proxy.arm(scene.aim(api, scene.output), { kind, onStrike: kill })
    })
}

/** The commit that follows a tick's own records, and not that of progress alone. */
function atCommit(kind: FaultKind): KillPoint {
  return (scene) =>
    killedWithin(scene, (kill) => {
      const armCommit = () => {
        scene.proxy.arm(scene.aim(Api.EndTxn), { kind, onStrike: kill })
      }
      const produce = scene.aim(Api.Produce, scene.output)
      scene.proxy.arm(produce, { kind: 'deliver', onStrike: armCommit })
    })
}

/** A snapshot is written as a `.partial` file, and is there as soon as that has got its name. */
function atSnapshot(moment: 'written' | 'renamed'): KillPoint {
  return async (scene) => {
    let watcher: FSWatcher | undefined
    const killedMs = await killedWithin(scene, (kill) => {
      let partial: string | undefined
      watcher = watch(scene.dataFolder, { recursive: true }, (_, name) => {
        if (name?.endsWith('.partial')) partial ??= join(scene.dataFolder, name)
        if (partial === undefined) return
        const isRenamed = !existsSync(partial)
        if (isRenamed === (moment === 'renamed')) kill()
        // It was too late for this one.
        else if (isRenamed) partial = undefined
      })
    })
    watcher?.close()
    return killedMs
  }
}

/** @param arm arranges that `kill` is called in the moment */
async function killedWithin(
  scene: Scene,
  arm: (kill: () => void) => void,
): Promise<number | undefined> {
  const killed = new Promise<number>((resolve) => {
    let isKilled = false
    arm(() => {
      if (!isKilled) resolve(killLeader(scene))
      isKilled = true
    })
  })
  const killedMs = await Promise.race([killed, sleep(POINT_LIMIT_MS, undefined, { ref: false })])
  scene.proxy.disarm()
  return killedMs
}
