/** `--http` costs a job without it nothing: none of its code is loaded. */
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, it } from 'vitest'
import * as z from 'zod'
import { httpFlags } from './http-flags.js'

const SOURCE = join(import.meta.dirname, '..')
const STATIC_IMPORT = /^(?:import|export) (?!type )[^'"]*?from '([^']+)'|^import '([^']+)'/gm

it.each(['run', 'poll', 'analyse'])('loads no web and no metrics for a plain %s', (command) => {
  const loaded = loadedBy(join(SOURCE, 'cli', `${command}.ts`))
  expect(loaded).toContain('kafkajs')
  expect(loaded).toContain('cli/job-health.ts')
  const wrong = loaded.filter((name) => /^(metrics|web)\/|^prom-client$|^node:http/.test(name))
  expect(wrong).toEqual([])
})

it.each([
  ['127.0.0.1:9464', { host: '127.0.0.1', port: 9464 }],
  ['[::1]:0', { host: '::1', port: 0 }],
  ['metrics.local:65535', { host: 'metrics.local', port: 65_535 }],
])('takes %s', (http, parsed) => {
  expect(z.object(httpFlags).parse({ http })).toEqual({ http: parsed, allowHost: [] })
})

it.each(['9464', ':9464', '127.0.0.1', '127.0.0.1:65536', 'http://a:1', '::1:80', 'a b:1', ''])(
  'takes no "%s"',
  (http) => {
    expect(z.object(httpFlags).safeParse({ http }).success).toBe(false)
  },
)

it('takes names of hosts, with a port where it is not the usual one', () => {
  const taken = (allowHost: string) => z.object(httpFlags).safeParse({ allowHost })
  expect(taken('run,metrics.example:8443').data?.allowHost).toEqual(['run', 'metrics.example:8443'])
  for (const wrong of ['http://run', 'run,', ',run', 'a b', '']) {
    expect(taken(wrong).success).toBe(false)
  }
})

/** Files under src and packages that a start loads, type imports left away. */
function loadedBy(entry: string, found = new Set<string>()): string[] {
  const name = relative(SOURCE, entry)
  if (found.has(name)) return []
  found.add(name)
  for (const [, from, bare] of readFileSync(entry, 'utf8').matchAll(STATIC_IMPORT)) {
    const imported = (from ?? bare)!
    if (!imported.startsWith('.')) found.add(imported)
    else if (imported.endsWith('.js')) {
      loadedBy(join(entry, '..', imported.replace(/\.js$/, '.ts')), found)
    }
  }
  return [...found]
}
