import { createBackend } from '@rollcall/client/client'
import { EXIT, UsageError } from '../exit-codes.ts'
import { HELPED, readArgs, tokenOf, urlOf, withOrganization } from '../options.ts'
import { plain, type Terminal } from '../terminal.ts'

const USAGE = `Usage: rollcall revoke USER [options]

Ends everything that was issued to a user: access tokens and sign-ins from before are refused, connections are closed,
registrations end. The user may sign in again; to keep it out, disable it in the directory. For administrators and role
SERVICE.

  --organization ID   for callers with role SERVICE`

export async function revoke(args: readonly string[], terminal: Terminal): Promise<number> {
  const given = readArgs(args, USAGE, { organization: { type: 'string' } })
  if (given === undefined) return HELPED
  const [userId, ...extra] = given.positionals
  if (userId === undefined || extra.length > 0) throw new UsageError(USAGE)
  const backend = createBackend({ url: urlOf(given, terminal), credentials: tokenOf(given, terminal) })
  const path = withOrganization(`/rtc-api/users/${encodeURIComponent(userId)}/revoke`, given)
  await backend.request(path, { method: 'POST', signal: terminal.stopped })
  terminal.show({ userId }, `everything that was issued to ${plain(userId)} has ended`)
  return EXIT.fine
}
