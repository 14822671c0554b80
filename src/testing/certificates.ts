/** Certificates for tests, made with openssl: an authority, and servers that it signs, some of them at fault. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const ADDRESSES = 'IP:127.0.0.1,DNS:localhost'
const EC_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
const SIGNING = `[ca]
default_ca=here
[here]
database=index.txt
new_certs_dir=.
rand_serial=yes
default_md=sha256
policy=any
copy_extensions=copy
[any]
commonName=supplied
`

export class CertificateAuthority {
  /** The authority's own certificate, for KAFKA_SSL_CA. */
  readonly file: string
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
    this.file = join(folder, 'ca.pem')
    writeFileSync(join(folder, 'index.txt'), '')
    writeFileSync(join(folder, 'signing.cnf'), SIGNING)
    this.#openssl('req', '-x509', ...EC_KEY, '-subj', '/CN=test authority', ...own('ca'))
  }

  /**
   * A key and its certificate in one file, as Kafka's keystore type PEM takes it.
   *
   * @param names what the certificate is for, as openssl spells a subjectAltName
   * @returns the file's path
   */
  server(name: string, { names = ADDRESSES, isExpired = false } = {}): string {
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${names}`]
    this.#openssl('req', '-new', ...EC_KEY, ...subject, '-keyout', `${name}.key`, '-out', 'request')
    const end = isExpired ? '20210101000000Z' : '20990101000000Z'
    const validity = ['-startdate', '20200101000000Z', '-enddate', end]
    const signed = ['-cert', 'ca.pem', '-keyfile', 'ca.key', '-in', 'request']
    this.#openssl(
      'ca',
      '-batch',
      '-config',
      'signing.cnf',
      '-notext',
      ...validity,
      ...signed,
      '-out',
      `${name}.crt`,
    )
    const file = join(this.#folder, `${name}.pem`)
    const parts = [`${name}.key`, `${name}.crt`].map((part) => join(this.#folder, part))
    writeFileSync(file, parts.map((part) => readFileSync(part, 'utf8')).join(''))
    return file
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.#folder, stdio: 'pipe' })
  }
}

function own(name: string): string[] {
  return ['-keyout', `${name}.key`, '-out', `${name}.pem`, '-days', '3650']
}
