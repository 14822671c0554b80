/** SIGSTOP of the leader with a standby beside it, and what the old one does when it wakes up. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Api, hasCommitted } from '../src/testing/kafka-frames.js'
import { type Depthline, runKnows } from './processes.js'
import type { Scene, SceneOptions } from './scene.js'
import { note, playSection, type SectionResult } from './sections.js'

const FENCED = 6
const EXIT_LIMIT_MS = 30_000
const AWAKE_MS = 1_500

/** Without `--standby` in the build, a second `run` is started in the moment of the SIGSTOP. */
export function takeovers(options: SceneOptions, count: number): Promise<SectionResult> {
  const hasStandby = runKnows('--standby')
  return playSection(options, async (scene, trials) => {
    let exits = 0
    for (let trial = 0; trial < count; trial++) {
      const standby = hasStandby ? scene.start(['--standby']) : undefined
      await standby?.logged('"msg":"standing by"')
      await sleep(500 + Math.random() * 1_500)
      const old = scene.leader
      const stoppedMs = Date.now()
      old.signal('SIGSTOP')
      scene.leader = standby ?? scene.start()
      const ms = await scene.recovery('takeover', stoppedMs)
      trials.add('takeover', ms)
      note(`takeover: ${ms} ms`)
      if (await isGone(scene, old)) exits++
    }
    return { rival: hasStandby ? 'run --standby' : 'run, started then', exitsWith6: exits }
  })
}

/** Wakes the old leader: it must end with 6, and not one of its transactions may be committed. */
async function isGone(scene: Scene, old: Depthline): Promise<boolean> {
  let commits = 0
  scene.proxy.onReply = (reply) => {
    const { api, clientId } = reply.request
    if (api === Api.EndTxn && clientId === old.clientId && hasCommitted(reply)) commits++
  }
  old.signal('SIGCONT')
  const code = await Promise.race([old.ended, sleep(EXIT_LIMIT_MS, 'no exit', { ref: false })])
  if (code === 'no exit') await old.stop('SIGKILL')
  const lines = old.lines.slice(-3).join(' | ')
  if (code !== FENCED) scene.fail('the old leader', `ended with ${code}: ${lines}`)
  if (commits > 0) scene.fail('the old leader', `committed ${commits} times after its end`)
  // The new leader must not have been hurt by it.
  await scene.recovery('after the old leader', Date.now() + AWAKE_MS)
  return code === FENCED && commits === 0
}
