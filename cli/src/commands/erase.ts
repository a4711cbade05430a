import { createBackend } from '@rollcall/client/client'
import { EXIT, UsageError } from '../exit-codes.ts'
import { HELPED, readArgs, tokenOf, urlOf } from '../options.ts'
import { plain, type Terminal } from '../terminal.ts'

const USAGE = `Usage: rollcall erase USER --yes [options]

Removes everything that the server keeps of a user, ends its sign-ins, and tells how much that was. It cannot be undone.
For administrators and role SERVICE. What stays is in docs/guides/erasing-data.md.

  --yes               needed: nothing is removed without
  --organization ID   for callers with role SERVICE`

/** The history may have to be gone through: as long as that takes, milliseconds. */
const TIMEOUT_MS = 600_000

export async function erase(args: readonly string[], terminal: Terminal): Promise<number> {
  const given = readArgs(args, USAGE, { yes: { type: 'boolean' }, organization: { type: 'string' } })
  if (given === undefined) return HELPED
  const [userId, ...others] = given.positionals
  if (userId === undefined || others.length > 0) throw new UsageError(USAGE)
  if (!given.flag('yes')) throw new UsageError(`erase cannot be undone: say --yes\n${USAGE}`)
  const backend = createBackend({
    url: urlOf(given, terminal),
    credentials: tokenOf(given, terminal),
    timeoutMs: TIMEOUT_MS,
  })
  const erased = await backend.request(
    `/rtc-api/users/${encodeURIComponent(userId)}/erase${queryOf(given)}`,
    {
      method: 'POST',
      signal: terminal.stopped,
    },
  )
  terminal.show(erased, plain(`Erased ${userId}: ${inWords(erased)}`))
  return EXIT.fine
}

/** `?organizationId=…` where it was given. */
export function queryOf(given: { text(name: string): string | undefined }): string {
  const organizationId = given.text('organization')
  return organizationId === undefined ? '' : `?${new URLSearchParams({ organizationId })}`
}

function inWords(erased: unknown): string {
  const counts = Object.entries(Object(erased)).filter(([, value]) => typeof value === 'number')
  return counts.map(([name, count]) => `${name} ${count}`).join(', ')
}
