/** `--http` and `--allow-host`: where pages are served, and by which names they may be asked for. */
import type { Command } from 'commander'
import * as z from 'zod'

export interface HttpAddress {
  readonly host: string
  readonly port: number
}

const EXPECTED = 'HOST:PORT such as 127.0.0.1:8080, or [::1]:8080'

/** Host and port; the port 0 is one that is free. */
export function httpAddress() {
  return z
    .string()
    .regex(/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):\d{1,5}$/, EXPECTED)
    .transform((text): HttpAddress => {
      const at = text.lastIndexOf(':')
      return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) }
    })
    .refine(({ port }) => port <= 65_535, EXPECTED)
}

/** Names, with a port where it is not the usual one, and commas between them. */
export function hostList() {
  return z
    .string()
    .regex(/^([A-Za-z0-9._-]+(:\d{1,5})?(,(?=.)|$))+$/, 'host names with commas between them')
    .transform((text) => text.split(','))
    .default([])
}

/** Of a job beside its work; off where it is not asked for. */
export const httpFlags = { http: httpAddress().optional(), allowHost: hostList() }

export function addHttpOptions(command: Command): void {
  command
    .option('--http <host:port>', 'serve /metrics, /livez and /readyz there (default: off)')
    .option('--allow-host <names>', 'with --http: names it may be asked by, besides its own')
}

export interface HttpFlags {
  readonly http?: HttpAddress | undefined
  readonly allowHost: readonly string[]
}
