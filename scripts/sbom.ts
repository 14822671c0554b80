/** Writes output/sbom.cdx.json, every package that comes with depthline: `make sbom`. */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'

const FILE = new URL('../output/sbom.cdx.json', import.meta.url)
// By the lock file alone: what is installed differs from one platform to the next.
const ARGUMENTS = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only']
const OF_DEVELOPMENT = 'cdx:npm:package:development'

interface Component {
  readonly 'bom-ref': string
  readonly properties: readonly { readonly name: string }[]
}

interface Dependency {
  readonly ref: string
  readonly dependsOn: readonly string[]
}

const bom = JSON.parse(execFileSync('npm', ARGUMENTS, { encoding: 'utf8', stdio: 'pipe' }))
// npm's own `--omit dev` also leaves out what both a development tool and depthline need, as pg-protocol.
bom.components = (bom.components as Component[]).filter(
  ({ properties }) => !properties.some(({ name }) => name === OF_DEVELOPMENT),
)
const kept = new Set((bom.components as Component[]).map((component) => component['bom-ref']))
const root: string = bom.metadata.component['bom-ref']
bom.dependencies = (bom.dependencies as Dependency[])
  .filter(({ ref }) => ref === root || kept.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => kept.has(other)) }))
// The same packages give the same file: npm puts in who made it, when, and in which folder.
delete bom.serialNumber
delete bom.metadata.timestamp
delete bom.metadata.tools
bom.metadata.component.name = 'depthline'
writeFileSync(FILE, `${JSON.stringify(bom, undefined, 2)}\n`)
