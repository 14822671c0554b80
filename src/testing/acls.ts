/** The rights that docs/ACLS.md lists, given and taken back on a broker with an authorizer. */
import { readFileSync } from 'node:fs'
import kafkajs, { type Admin } from 'kafkajs'

const DOCUMENT = new URL('../../docs/ACLS.md', import.meta.url)
const {
  AclOperationTypes: OPERATIONS,
  AclPermissionTypes: { ALLOW },
  AclResourceTypes: RESOURCES,
  ResourcePatternTypes: PATTERNS,
} = kafkajs

export interface Right {
  /** Such as `run`. */
  readonly user: string
  /** As `kafka-acls.sh` spells it, such as `Read`. */
  readonly operation: string
  readonly kind: 'topic' | 'group' | 'transactional-id' | 'cluster'
  readonly name: string
  readonly isPrefix: boolean
}

/** Each line of the document that begins with `acl User:`, taken apart. */
export function documentedRights(): Right[] {
  const lines = readFileSync(DOCUMENT, 'utf8').matchAll(/^acl User:(\S+) ([^#\n]+)/gm)
  return [...lines].flatMap(([, user, flags]) => rightsOf(user!, flags!))
}

function rightsOf(user: string, flags: string): Right[] {
  const operations: string[] = []
  const resources: Pick<Right, 'kind' | 'name'>[] = []
  let isPrefix = false
  for (const [, flag, value = ''] of flags.matchAll(/--(\S+)(?: ([^-\s]\S*))?/g)) {
    if (flag === 'operation') operations.push(value)
    else if (flag === 'resource-pattern-type') isPrefix = value === 'prefixed'
    else resources.push({ kind: flag as Right['kind'], name: value || 'kafka-cluster' })
  }
  return operations.flatMap((operation) =>
    resources.map((resource) => ({ user, operation, ...resource, isPrefix })),
  )
}

export async function grant(admin: Admin, rights: readonly Right[]): Promise<void> {
  await admin.createAcls({ acl: rights.map(entryOf) })
}

export async function revoke(admin: Admin, rights: readonly Right[]): Promise<void> {
  await admin.deleteAcls({ filters: rights.map(entryOf) })
}

/** KafkaJS's names are Kafka's own: `Read` is READ, and `DescribeConfigs` DESCRIBE_CONFIGS. */
function entryOf({ user, operation, kind, name, isPrefix }: Right) {
  const spelled = operation.replace(/(?<=[a-z])[A-Z]/g, '_$&').toUpperCase()
  return {
    principal: `User:${user}`,
    host: '*',
    operation: OPERATIONS[spelled as keyof typeof OPERATIONS],
    permissionType: ALLOW,
    resourceType: RESOURCES[kind.replace('-', '_').toUpperCase() as keyof typeof RESOURCES],
    resourceName: name,
    resourcePatternType: isPrefix ? PATTERNS.PREFIXED : PATTERNS.LITERAL,
  }
}
