#!/usr/bin/env node
/** The command line: subcommands, and how the process ends. */
import { Command, CommanderError } from 'commander'
import { reportFailure } from './cli/process.js'
import { version } from './cli/version.js'
import { DepthlineError, ExitCode } from './errors.js'

/** Each command's room is loaded when it is asked for: a replay need not wait for KafkaJS. */
const COMMANDS: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  run: async () => (await import('./cli/run.js')).addRunCommand,
  emulate: async () => (await import('./cli/emulate.js')).addEmulateCommand,
  replay: async () => (await import('./cli/replay.js')).addReplayCommand,
  export: async () => (await import('./cli/export.js')).addExportCommand,
  book: async () => (await import('./cli/book.js')).addBookCommand,
}

const program = new Command('depthline')
  .description('Order events in, exact order books out, every second, on KafkaJS.')
  .version(version)
  .exitOverride()
  .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
const [, , asked = ''] = process.argv
for (const name of Object.hasOwn(COMMANDS, asked) ? [asked] : Object.keys(COMMANDS)) {
  const addCommand = await COMMANDS[name]!()
  addCommand(program)
}
// Commands made above do not take this over by themselves.
for (const command of program.commands) command.exitOverride()

// `depthline … | head` closes our output early, and that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(ExitCode.done)
  const message = `cannot write standard output: ${error.message}`
  process.exit(reportFailure(new DepthlineError('FILE_FAILED', message, { cause: error })))
})

// KafkaJS may keep sockets and timers alive that nothing waits for, so the process says itself when it is done.
process.exit(await exitCodeOf(program.parseAsync()))

async function exitCodeOf(work: Promise<unknown>): Promise<number> {
  try {
    await work
    return ExitCode.done
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportFailure(error)
    return error.exitCode === 0 ? ExitCode.done : ExitCode.usage
  }
}
