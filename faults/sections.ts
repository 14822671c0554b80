/** What every section gives back: its figures, its trials in short, and the judge's verdict. */
import { median, quantile } from '../bench/report.js'
import type { Verdict } from '../src/testing/judge.js'
import { Scene, type SceneOptions } from './scene.js'

export interface SectionResult {
  readonly figures: Readonly<Record<string, unknown>>
  /** Milliseconds to the next tick, by what was done; null where none came. */
  readonly trials: Readonly<Record<string, readonly (number | null)[]>>
  readonly verdict: Verdict
  readonly failures: readonly string[]
  readonly isKept: boolean
}

export class Trials {
  readonly byName: Record<string, (number | null)[]> = {}

  add(name: string, ms: number | undefined): void {
    this.byName[name] = [...(this.byName[name] ?? []), ms === undefined ? null : Math.round(ms)]
  }

  /** Over all trials; a name narrows it down. */
  summary(name?: string): Record<string, number> {
    const all = name === undefined ? Object.values(this.byName).flat() : (this.byName[name] ?? [])
    const known = all.filter((ms) => ms !== null)
    return { trials: all.length, medianMs: median(known), worstMs: quantile(known, 1) }
  }

  get names(): string[] {
    return Object.keys(this.byName)
  }
}

/** Plays the trials on a fresh scene and has the judge read everything. */
export async function playSection(
  options: SceneOptions,
  play: (scene: Scene, trials: Trials) => Promise<Record<string, unknown>>,
): Promise<SectionResult> {
  const scene = await Scene.open(options)
  const trials = new Trials()
  const startedMs = Date.now()
  const figures = await play(scene, trials)
  const seconds = Math.round((Date.now() - startedMs) / 1000)
  const { isKept, ...verdict } = await scene.close()
  return {
    figures: { ...trials.summary(), seconds, ...figures },
    trials: trials.byName,
    verdict,
    failures: scene.failures,
    isKept,
  }
}

/** One line on standard error for each trial, for whoever waits. */
export function note(text: string): void {
  if (process.env.VITEST === undefined) console.error(`${new Date().toISOString()} ${text}`)
}
