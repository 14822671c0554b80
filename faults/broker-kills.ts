/** kill -9 of the broker under load, and its restart. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { SceneOptions } from './scene.js'
import { note, playSection, type SectionResult } from './sections.js'

export function brokerKills(options: SceneOptions, count: number): Promise<SectionResult> {
  return playSection(options, async (scene, trials) => {
    const { broker, watcher } = scene
    for (let trial = 0; trial < count; trial++) {
      await sleep(500 + Math.random() * 2_000)
      await broker.kill()
      await sleep(Math.random() * 3_000)
      await broker.restart()
      const readyMs = Date.now()
      await watcher.renew()
      const ms = await scene.recovery('broker kill', readyMs)
      trials.add('broker ready to next tick', ms)
      note(`broker kill: ${ms} ms`)
    }
    return {}
  })
}
