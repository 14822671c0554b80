/** The program: its subcommands, and how it ends. */
import { Command, CommanderError } from 'commander'
import { DepthlineError, ExitCode } from '../errors.js'
import { reportFailure } from './process.js'
import { version } from './version.js'

/** Each command's room is loaded when it is asked for: a replay need not wait for KafkaJS. */
const COMMANDS: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  run: async () => (await import('./run.js')).addRunCommand,
  emulate: async () => (await import('./emulate.js')).addEmulateCommand,
  replay: async () => (await import('./replay.js')).addReplayCommand,
  export: async () => (await import('./export.js')).addExportCommand,
  report: async () => (await import('./report.js')).addReportCommand,
  doctor: async () => (await import('./doctor.js')).addDoctorCommand,
  book: async () => (await import('./book.js')).addBookCommand,
  verify: async () => (await import('./verify.js')).addVerifyCommand,
  poll: async () => (await import('./poll.js')).addPollCommand,
  analyse: async () => (await import('./analyse.js')).addAnalyseCommand,
  quote: async () => (await import('./quote.js')).addQuoteCommand,
  serve: async () => (await import('./serve.js')).addServeCommand,
}

/** @param asked the one command that is needed; all of them where it is none */
export async function makeProgram(asked = ''): Promise<Command> {
  const program = new Command('depthline')
    .description('Order events in, exact order books out, every second, on KafkaJS.')
    .version(version)
    .exitOverride()
    .configureHelp({ sortSubcommands: false, showGlobalOptions: false })
  for (const name of Object.hasOwn(COMMANDS, asked) ? [asked] : Object.keys(COMMANDS)) {
    const addCommand = await COMMANDS[name]!()
    addCommand(program)
  }
  // Commands made above do not take this over by themselves.
  for (const command of program.commands) command.exitOverride()
  return program
}

// `depthline … | head` closes our output early, and that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(ExitCode.done)
  const message = `cannot write standard output: ${error.message}`
  process.exit(reportFailure(new DepthlineError('FILE_FAILED', message, { cause: error })))
})

/** Runs the command that the arguments name; gives the exit code. */
export async function runProgram(): Promise<number> {
  const program = await makeProgram(process.argv[2])
  const code = await exitCodeOf(program.parseAsync())
  // What a slow reader of our output has not taken yet would be lost at the exit.
  await new Promise((resolve) => process.stdout.write('', resolve))
  return code
}

async function exitCodeOf(work: Promise<unknown>): Promise<number> {
  try {
    await work
    return ExitCode.done
  } catch (error) {
    if (!(error instanceof CommanderError)) return reportFailure(error)
    return error.exitCode === 0 ? ExitCode.done : ExitCode.usage
  }
}
