/** A broker that wants to know who asks: SASL, TLS with good and bad certificates, and an authorizer. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startJarsBroker } from './broker.js'
import { CertificateAuthority } from './certificates.js'
import { freePorts } from './child-server.js'

/** Each is a listener of its own; `open` is for the tests themselves, who may do everything there. */
const PROTOCOLS = {
  open: 'PLAINTEXT',
  controller: 'PLAINTEXT',
  sasl: 'SASL_PLAINTEXT',
  tls: 'SSL',
  secure: 'SASL_SSL',
  expired: 'SSL',
  elsewhere: 'SSL',
} as const
type Listener = keyof typeof PROTOCOLS

export interface SecuredBroker {
  /** `host:port` of each listener. */
  readonly addresses: Readonly<Record<Listener, string>>
  /** What signed its certificates, for KAFKA_SSL_CA. */
  readonly caFile: string
  stop(): Promise<void>
}

/**
 * Starts it from the jars, whatever other tests use: no container has its listeners.
 *
 * @param passwords by user name; each may log in by PLAIN and by SCRAM-SHA-512, and do nothing yet
 */
export async function startSecuredBroker(
  passwords: Readonly<Record<string, string>>,
): Promise<SecuredBroker> {
  const folder = mkdtempSync(join(tmpdir(), 'depthline-certificates-'))
  const authority = new CertificateAuthority(folder)
  const names = Object.keys(PROTOCOLS) as Listener[]
  const ports = await freePorts(names.length)
  const places = names.map((name, index) => [name, `127.0.0.1:${ports[index]}`] as const)
  const addresses = Object.fromEntries(places) as Record<Listener, string>
  const users = Object.entries(passwords)
  try {
    const broker = await startJarsBroker({
      settings: {
        ...listenerSettings(addresses),
        ...saslSettings(users),
        ...tlsSettings(authority),
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users': 'User:ANONYMOUS;User:admin',
      },
      scramUsers: users.map(
        ([name, password]) => `SCRAM-SHA-512=[name=${name},password=${password}]`,
      ),
    })
    const stop = async () => {
      await broker.stop()
      rmSync(folder, { recursive: true, force: true })
    }
    return { addresses, caFile: authority.file, stop }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

function listenerSettings(addresses: Readonly<Record<Listener, string>>): Record<string, string> {
  const listeners = Object.entries(addresses).map(([name, address]) => `${name}://${address}`)
  const protocols = Object.entries(PROTOCOLS).map(([name, protocol]) => `${name}:${protocol}`)
  return {
    listeners: upper(listeners),
    'advertised.listeners': upper(listeners.filter((text) => !text.startsWith('controller'))),
    'listener.security.protocol.map': upper(protocols),
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.voters': `1@${addresses.controller}`,
    'inter.broker.listener.name': 'OPEN',
  }
}

/** Kafka wants the names of listeners in upper case here, and in lower case in the names of settings. */
function upper(list: readonly string[]): string {
  return list.join(',').toUpperCase()
}

function saslSettings(users: readonly (readonly [string, string])[]): Record<string, string> {
  const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule required'
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required'
  const known = users.map(([name, password]) => `user_${name}="${password}"`).join(' ')
  const settings: Record<string, string> = { 'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-512' }
  for (const listener of ['sasl', 'secure']) {
    settings[`listener.name.${listener}.plain.sasl.jaas.config`] = `${plain} ${known};`
    settings[`listener.name.${listener}.scram-sha-512.sasl.jaas.config`] = `${scram};`
  }
  return settings
}

function tlsSettings(authority: CertificateAuthority): Record<string, string> {
  const good = authority.server('good')
  const keystores: Partial<Record<Listener, string>> = {
    tls: good,
    secure: good,
    expired: authority.server('expired', { isExpired: true }),
    elsewhere: authority.server('elsewhere', { names: 'DNS:kafka.elsewhere.example' }),
  }
  const settings: Record<string, string> = {}
  for (const [listener, file] of Object.entries(keystores)) {
    settings[`listener.name.${listener}.ssl.keystore.type`] = 'PEM'
    settings[`listener.name.${listener}.ssl.keystore.location`] = file
  }
  return settings
}
