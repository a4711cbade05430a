import { once } from 'node:events'
import { createBackend } from '@rollcall/client/client'
import { EXIT, UsageError } from '../exit-codes.ts'
import { HELPED, readArgs, tokenOf, urlOf } from '../options.ts'
import type { Terminal } from '../terminal.ts'
import { queryOf } from './erase.ts'

const USAGE = `Usage: rollcall export USER [options]

Prints everything that the server keeps of a user, as one JSON object. For administrators and role SERVICE.

  --organization ID   for callers with role SERVICE`

/** As long as a request may take at all, milliseconds. */
const TIMEOUT_MS = 600_000

export async function exportUser(args: readonly string[], terminal: Terminal): Promise<number> {
  const given = readArgs(args, USAGE, { organization: { type: 'string' } })
  if (given === undefined) return HELPED
  const [userId, ...others] = given.positionals
  if (userId === undefined || others.length > 0) throw new UsageError(USAGE)
  const backend = createBackend({
    url: urlOf(given, terminal),
    credentials: tokenOf(given, terminal),
    timeoutMs: TIMEOUT_MS,
    // What was printed cannot be taken back.
    retriesMax: 0,
    fetch: printing,
  })
  const path = `/rtc-api/users/${encodeURIComponent(userId)}/export${queryOf(given)}`
  await backend.request(path, { signal: terminal.stopped })
  return EXIT.fine
}

/** Prints an answer as it comes, byte for byte, and hands on an empty one. */
const printing: typeof fetch = async (input, init) => {
  const response = await fetch(input, init)
  if (!response.ok || response.body === null) return response
  for await (const chunk of response.body)
    if (!process.stdout.write(chunk)) await once(process.stdout, 'drain')
  process.stdout.write('\n')
  return Response.json(null)
}
