#!/usr/bin/env -S node --v8-pool-size=1 --max-semi-space-size=64 --initial-old-space-size=128
/** Where the process begins: signals are caught before anything else is loaded. */
import { catchSignals } from './cli/stop-signal.js'

catchSignals()
const { runProgram } = await import('./cli/program.js')
// KafkaJS may keep sockets and timers alive that nothing waits for, so the process says itself when it is done.
process.exit(await runProgram())
