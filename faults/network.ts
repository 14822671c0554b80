/** Each fault of the network, aimed at the requests of a tick. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Api } from '../src/testing/kafka-frames.js'
import type { Fault } from '../src/testing/kafka-proxy.js'
import type { Scene, SceneOptions } from './scene.js'
import { note, playSection, type SectionResult } from './sections.js'

const FAULTS: Readonly<Record<string, Fault>> = {
  dropped: { kind: 'drop' },
  'reply lost': { kind: 'lose reply' },
  'reply lost and closed': { kind: 'lose reply and close' },
  'delayed 0.4 s': { kind: 'delay', ms: 400 },
  'delayed 3 s': { kind: 'delay', ms: 3_000 },
  // The processor has given up by then: the request arrives as that of the past.
  'delayed 8 s': { kind: 'delay', ms: 8_000 },
  'half open for 4 s': { kind: 'half-open', ms: 4_000 },
}

const STRIKE_LIMIT_MS = 30_000

type NetworkFault = (scene: Scene) => Promise<number>

/** All of them by name: each kind for Produce and for EndTxn, some for other requests, and all connections cut. */
export const NETWORK_FAULTS: Readonly<Record<string, NetworkFault>> = {
  ...Object.fromEntries(
    Object.entries(FAULTS).flatMap(([name, fault]) => [
      [`Produce ${name}`, onOutput(Api.Produce, fault)],
      [`EndTxn ${name}`, onCommit(fault)],
    ]),
  ),
  'AddPartitionsToTxn dropped': onOutput(Api.AddPartitionsToTxn, { kind: 'drop' }),
  'AddPartitionsToTxn reply lost': onOutput(Api.AddPartitionsToTxn, { kind: 'lose reply' }),
  'Fetch of the input dropped': (scene) =>
    scene.proxy.arm(scene.aim(Api.Fetch, scene.input), { kind: 'drop' }),
  'all connections cut': async (scene) => {
    scene.proxy.cut(scene.leader.clientId)
    return Date.now()
  },
}

/** @param names of {@link NETWORK_FAULTS} */
export function networkFaults(
  options: SceneOptions,
  count: number,
  names: readonly string[] = Object.keys(NETWORK_FAULTS),
): Promise<SectionResult> {
  return playSection(options, async (scene, trials) => {
    for (const name of names) {
      for (let trial = 0; trial < count; trial++) {
        await sleep(300 + Math.random() * 1_000)
        const struckMs = await Promise.race([NETWORK_FAULTS[name]!(scene), tooLong(name)])
        const ms = await scene.recovery(name, struckMs)
        scene.proxy.disarm()
        trials.add(name, ms)
        note(`${name}: ${ms} ms`)
      }
    }
    const byFault = Object.fromEntries(trials.names.map((name) => [name, trials.summary(name)]))
    return { byFault }
  })
}

async function tooLong(name: string): Promise<never> {
  await sleep(STRIKE_LIMIT_MS, undefined, { ref: false })
  throw new Error(`${name}: there was nothing to strike in ${STRIKE_LIMIT_MS / 1000} s`)
}

function onOutput(api: number, fault: Fault): NetworkFault {
  return (scene) => scene.proxy.arm(scene.aim(api, scene.output), fault)
}

function onCommit(fault: Fault): NetworkFault {
  return (scene) =>
    new Promise((struck) => {
      const armCommit = () => {
        scene.proxy.arm(scene.aim(Api.EndTxn), fault).then(struck)
      }
      scene.proxy.arm(scene.aim(Api.Produce, scene.output), {
        kind: 'deliver',
        onStrike: armCommit,
      })
    })
}
