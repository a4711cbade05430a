import { createBackend } from '@rollcall/client/client'
import { EXIT, UsageError } from '../exit-codes.ts'
import { HELPED, readArgs, tokenOf, urlOf, withOrganization } from '../options.ts'
import { plain, type Terminal } from '../terminal.ts'

const USAGE = `Usage: rollcall kick USER ENDPOINT [options]

Ends the registration of one of a user's endpoints: events that wait for it are discarded, its connection is closed. The
device may register again; to keep it out, revoke the user.

  --organization ID   for callers with role SERVICE`

export async function kick(args: readonly string[], terminal: Terminal): Promise<number> {
  const given = readArgs(args, USAGE, { organization: { type: 'string' } })
  if (given === undefined) return HELPED
  const [userId, userEndpointId, ...extra] = given.positionals
  if (userId === undefined || userEndpointId === undefined || extra.length > 0) throw new UsageError(USAGE)
  const backend = createBackend({ url: urlOf(given, terminal), credentials: tokenOf(given, terminal) })
  const path = `/rtc-api/users/${encodeURIComponent(userId)}/endpoints/${encodeURIComponent(userEndpointId)}`
  await backend.request(withOrganization(path, given), { method: 'DELETE', signal: terminal.stopped })
  terminal.show({ userId, userEndpointId }, `${plain(userEndpointId)} of ${plain(userId)} is gone`)
  return EXIT.fine
}
