/** kill -9 of the processor, at random and in each named moment, with an immediate restart. */
import { atRandom, KILL_POINTS } from './kill-points.js'
import type { Scene, SceneOptions } from './scene.js'
import { note, playSection, type SectionResult, type Trials } from './sections.js'

export function randomKills(options: SceneOptions, count: number): Promise<SectionResult> {
  return playSection(options, async (scene, trials) => {
    for (let trial = 0; trial < count; trial++) {
      await killOnce(scene, trials, { name: 'at random', killedMs: await atRandom(scene) })
    }
    return {}
  })
}

/** @param points names of {@link KILL_POINTS} */
export function targetedKills(
  options: SceneOptions,
  count: number,
  points: readonly string[] = Object.keys(KILL_POINTS),
): Promise<SectionResult> {
  return playSection(options, async (scene, trials) => {
    const absent: string[] = []
    for (const name of points) {
      for (let trial = 0; trial < count; trial++) {
        const killedMs = await KILL_POINTS[name]!(scene)
        if (killedMs === undefined) {
          // What this build does not do yet cannot be interrupted.
          if (trial === 0) absent.push(name)
          else scene.fail(name, 'the moment did not come')
          break
        }
        await killOnce(scene, trials, { name, killedMs })
      }
    }
    const byPoint = Object.fromEntries(trials.names.map((name) => [name, trials.summary(name)]))
    return { byPoint, absent }
  })
}

async function killOnce(
  scene: Scene,
  trials: Trials,
  { name, killedMs }: { name: string; killedMs: number },
): Promise<void> {
  scene.replaceLeader()
  const ms = await scene.recovery(name, killedMs)
  note(`${name}: ${ms} ms`)
  trials.add(name, ms)
}
