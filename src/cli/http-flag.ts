/** Where to listen, as a flag says it. */
import { z } from 'zod'

export interface HttpAddress {
  readonly host: string
  readonly port: number
}

const EXPECTED = 'HOST:PORT such as 127.0.0.1:8080, or [::1]:8080'

/** Host and port; the port 0 is one that is free. */
export function httpAddress() {
  return z
    .string()
    .regex(/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$/, EXPECTED)
    .transform((text): HttpAddress => {
      const at = text.lastIndexOf(':')
      return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) }
    })
    .refine(({ port }) => port <= 65_535, EXPECTED)
}
