/** Figures as the documents write them, and the files that they come from. */

/** A file of results as JSON, by its name without the ending; undefined where nothing was measured yet. */
export type Results = (name: string) => Json | undefined

// biome-ignore lint/suspicious/noExplicitAny: what benchmarks write has no type, and a wrong guess shows in the table
export type Json = any

/** Markdown's. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

export function rate(perSecond: number | undefined): string | undefined {
  return typeof perSecond === 'number' ? `${short(perSecond)}/s` : undefined
}

export function events(perSecond: number): string {
  return `${short(perSecond).replace(/[kM]$/, ' $&')} events/s`
}

export function p50p99(spread: Json): string | undefined {
  return spread === undefined ? undefined : `${whole(spread.p50)} / ${whole(spread.p99)} ms`
}

export function plain(value: Json): string | undefined {
  return typeof value === 'number' ? String(Math.round(value * 10) / 10) : undefined
}

export function mb(value: Json): string | undefined {
  return typeof value === 'number' ? `${whole(value)} MB` : undefined
}

export function seconds(value: Json): string | undefined {
  return typeof value === 'number' ? `${value.toFixed(value < 10 ? 2 : 1)} s` : undefined
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

/** 2,746: thousands as the README writes them, whatever the machine's language. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

/** 1,250,000 as 1.25M: axes and cells have little room. */
export function short(value: number): string {
  const [scale, unit] = value >= 1e6 ? [1e6, 'M'] : value >= 1e3 ? [1e3, 'k'] : [1, '']
  return `${Number((value / scale).toPrecision(3))}${unit}`
}
