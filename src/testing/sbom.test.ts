/** output/sbom.cdx.json names what package-lock.json installs without development tools, and nothing else. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const read = (path: string) =>
  JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'))

interface Locked {
  readonly version: string
  readonly dev?: boolean
  readonly integrity: string
}

it('is up to date: make sbom', () => {
  const locked = Object.entries<Locked>(read('package-lock.json').packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path, { version, integrity }]) => {
      const name = path.split('node_modules/').at(-1)
      const sha512 = Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex')
      return `${name}@${version} ${sha512}`
    })
  const { components } = read('output/sbom.cdx.json')
  const listed = components.map(
    (part: { name: string; version: string; hashes: readonly { content: string }[] }) =>
      `${part.name}@${part.version} ${part.hashes[0]?.content}`,
  )
  expect(locked.length).toBeGreaterThan(50)
  expect([...new Set(listed)].sort()).toEqual([...new Set(locked)].sort())
})
