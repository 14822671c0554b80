/** Writes docs/CLI.md from the program itself: `make docs`. */
import { writeFileSync } from 'node:fs'
import type { Command, Option } from 'commander'
import { makeProgram } from '../src/cli/program.js'

const CLI = new URL('../docs/CLI.md', import.meta.url)

/** What every command reads that needs it; `src/docs.test.ts` compares the names with the source. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  KAFKA_BROKERS:
    '`host:port` of one or more brokers, with commas between them (default `localhost:9092`)',
  KAFKA_CLIENT_ID: "what the broker's log calls this process (default `depthline`)",
  KAFKA_SSL: '`true`: TLS ([access](ACLS.md))',
  KAFKA_SSL_CA: 'a PEM file of authorities to trust; turns TLS on',
  KAFKA_SASL_MECHANISM: '`plain`, `scram-sha-256` or `scram-sha-512`',
  KAFKA_SASL_USERNAME: 'who logs in',
  KAFKA_SASL_PASSWORD: 'the password',
  KAFKA_SASL_PASSWORD_FILE: 'a file that holds it, instead',
  SCHEMA_REGISTRY_URL: 'a schema registry, for Avro; perhaps with `user:password@`',
  DEPTHLINE_DATA: 'the folder of snapshots and lake (default `data`)',
  DEPTHLINE_EXCHANGE_URL_NAME:
    'with an exchange for NAME, such as `DEPTHLINE_EXCHANGE_URL_KRAKEN`: scheme, host and port to ask instead of its own',
  DEPTHLINE_POSTGRES_URL: 'where `analyse` writes too',
  DEPTHLINE_POSTGRES_URL_FILE: 'a file that holds it, instead',
  LOG_LEVEL: '`fatal`, `error`, `warn`, `info` (default), `debug`, `trace` or `silent`',
  NO_COLOR: 'set: no colours in a terminal',
}

export async function commandReference(): Promise<string> {
  const program = await makeProgram()
  const variables = Object.entries(ENVIRONMENT).map(
    ([name, meaning]) => `| \`${name}\` | ${meaning} |`,
  )
  return [
    '# The command line',
    '<!-- Made by scripts/command-reference.ts (`make docs`) from src/cli: change that. -->',
    '',
    'A flag wins over the environment. Data goes to standard output, logs to standard error. `node dist/cli.js` is the same as `depthline`. Exit codes are in [OPERATIONS](OPERATIONS.md#exit-codes).',
    ...program.commands.flatMap(section),
    '',
    '## Environment',
    '| variable | |',
    '|---|---|',
    ...variables,
    '',
  ].join('\n')
}

function section(command: Command): string[] {
  const args = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '…' : ''}`
    return `| \`${argument.required ? name : `[${name}]`}\` | ${cell(argument.description)} | |`
  })
  return [
    '',
    `## depthline ${command.name()}`,
    command.description(),
    '',
    '| | | default |',
    '|---|---|---|',
    ...args,
    ...command.options.map(row),
  ]
}

function row({ flags, description, defaultValue, negate }: Option): string {
  const value = negate || defaultValue === undefined ? '' : `\`${defaultValue}\``
  return `| \`${cell(flags)}\` | ${cell(description)} | ${value} |`
}

/** A bar would end the cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(CLI, await commandReference())
}
