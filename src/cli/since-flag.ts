/** How far back a report goes, as a flag says it. */
import * as z from 'zod'
import { second } from '../config.js'

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** How far back: `24h`, or a point in time; as a function from now to then, both in milliseconds. */
export function since() {
  const ago = z
    .string()
    .regex(/^\d{1,9}[smhd]$/)
    .transform((text) => {
      const ms = Number(text.slice(0, -1)) * UNIT_MS[text.slice(-1)]!
      return (nowMs: number) => Math.max(0, nowMs - ms)
    })
  const from = second().transform((seconds) => () => seconds * 1000)
  return z.union(
    [ago, from],
    'a time back such as 90s, 15m, 24h or 7d, an epoch second, or a time such as 2026-11-20T10:00:00Z',
  )
}
