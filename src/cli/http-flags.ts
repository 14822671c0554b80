/** `--http` of the jobs: where metrics and health are served. */
import type { Command } from 'commander'
import { z } from 'zod'

/** Where to listen, such as `127.0.0.1:9464` or `[::1]:9464`. */
const ADDRESS = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/
const HOST_NAME = /^[A-Za-z0-9._-]+$/

export const httpFlags = {
  http: z
    .string()
    .regex(ADDRESS, 'HOST:PORT such as 127.0.0.1:9464')
    .transform((text) => {
      const [, address, name, port] = ADDRESS.exec(text)!
      return { host: address ?? name!, port: Number(port) }
    })
    .refine(({ port }) => port <= 65_535, 'a port of at most 65535')
    .optional(),
  allowHost: z.array(z.string().regex(HOST_NAME, 'names of hosts, without a port')).default([]),
}

export function addHttpOptions(command: Command): void {
  command
    .option('--http <host:port>', 'serve /metrics, /livez and /readyz there (default: off)')
    .option('--allow-host <name...>', 'with --http: names it may be asked by, besides localhost')
}

export interface HttpFlags {
  readonly http?: { readonly host: string; readonly port: number } | undefined
  readonly allowHost: readonly string[]
}
