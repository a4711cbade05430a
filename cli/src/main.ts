#!/usr/bin/env node
import { run } from './cli.ts'
import { exitCodeOf, messageOf } from './exit-codes.ts'
import { processTerminal } from './terminal.ts'

const terminal = processTerminal()

// Whoever reads our output may stop reading: `rollcall events | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

run(process.argv.slice(2), terminal).then(
  (code) => {
    process.exitCode = code
  },
  (error: unknown) => {
    terminal.complain(`rollcall: ${messageOf(error)}`)
    process.exitCode = exitCodeOf(error)
  },
)
