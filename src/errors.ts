/** The one error class: every failure that a person or a supervisor must act on. */

/** Exit codes, as docs/OPERATIONS.md lists them. */
export const ExitCode = {
  done: 0,
  usage: 2,
  unreachable: 3,
  badData: 4,
  timeout: 5,
  fenced: 6,
  bug: 70,
} as const

/** Every code an error can carry, and the exit code that the process ends with because of it. */
const EXIT_CODES = {
  /** A flag, a variable or an option file is wrong. */
  USAGE: ExitCode.usage,
  /** A file or folder cannot be read or written. */
  FILE_FAILED: ExitCode.usage,
  /** A topic that is needed does not exist and may not be created. */
  TOPIC_MISSING: ExitCode.usage,
  /** Kafka did not answer, or not in time. */
  KAFKA_UNREACHABLE: ExitCode.unreachable,
  /** Kafka does not take records of such a time. */
  CLOCK_REFUSED: ExitCode.unreachable,
  /** Kafka does not let this user do what is asked. */
  KAFKA_REFUSED: ExitCode.unreachable,
  /** Kafka answered with an error. */
  KAFKA_FAILED: ExitCode.unreachable,
  /** The input log is not what it must be. */
  LOG_LOST: ExitCode.badData,
  /** A snapshot is damaged, cut short, or of another format or configuration. */
  SNAPSHOT_REFUSED: ExitCode.badData,
  /** A configured limit is passed: open orders, waiting closes, tick size. */
  LIMIT_PASSED: ExitCode.badData,
  /** A tick message is above what its topic takes. */
  TICK_TOO_LARGE: ExitCode.badData,
  /** A dead letter is above what its topic takes. */
  DEAD_LETTER_TOO_LARGE: ExitCode.badData,
  /** A record of an exchange topic is above what its topic takes. */
  RECORD_TOO_LARGE: ExitCode.badData,
  /** Another process has taken over the job. */
  FENCED: ExitCode.fenced,
  /** A record of the output topic is not a tick message. */
  BAD_TICK: ExitCode.badData,
  /** A record is not what its schema says. */
  BAD_RECORD: ExitCode.badData,
  /** An exchange did not answer, or with an error. */
  EXCHANGE_FAILED: ExitCode.unreachable,
  /** The schema registry did not answer, or refused a schema. */
  REGISTRY_FAILED: ExitCode.unreachable,
  /** PostgreSQL did not answer, or refused. */
  POSTGRES_FAILED: ExitCode.unreachable,
  /** The tables in PostgreSQL are those of a newer release. */
  POSTGRES_SCHEMA: ExitCode.badData,
  /** `doctor` found what would stop a job. */
  UNFIT: ExitCode.badData,
  /** What was published is not what the input gives. */
  VERIFY_FAILED: ExitCode.badData,
  /** `--timeout` was reached before the output was complete. */
  TIMEOUT: ExitCode.timeout,
  /** A signal ended the work before it had begun. */
  STOPPED: ExitCode.done,
  /** Nothing moved although there was work. */
  STALLED: ExitCode.bug,
} as const

export type ErrorCode = keyof typeof EXIT_CODES

export class DepthlineError extends Error {
  readonly code: ErrorCode
  /** True where the same call may succeed later without anybody changing anything. */
  readonly retriable: boolean

  constructor(
    code: ErrorCode,
    message: string,
    options: { retriable?: boolean; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'DepthlineError'
    this.code = code
    this.retriable = options.retriable ?? false
  }

  get exitCode(): number {
    return EXIT_CODES[this.code]
  }
}
