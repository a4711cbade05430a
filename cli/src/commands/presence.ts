import { createBackend } from '@rollcall/client/client'
import { EXIT, UsageError } from '../exit-codes.ts'
import { HELPED, readArgs, tokenOf, urlOf } from '../options.ts'
import { columns, type Terminal } from '../terminal.ts'

const USAGE = `Usage: rollcall presence USER... [options]

Tells how many endpoints of these users are registered and connected, and when they were last seen. Ends with 6 where none is registered.

  --organization ID   for callers with role SERVICE`

export async function presence(args: readonly string[], terminal: Terminal): Promise<number> {
  const given = readArgs(args, USAGE, { organization: { type: 'string' } })
  if (given === undefined) return HELPED
  if (given.positionals.length === 0) throw new UsageError(USAGE)
  const backend = createBackend({ url: urlOf(given, terminal), credentials: tokenOf(given, terminal) })
  const organizationId = given.text('organization')
  const users = await backend.presence(given.positionals, {
    signal: terminal.stopped,
    ...(organizationId === undefined ? {} : { organizationId }),
  })
  if (terminal.isForPeople)
    terminal.show(
      users,
      columns([
        ['USER', 'REGISTERED', 'CONNECTED', 'LAST SEEN'],
        ...users.map((user) => [
          user.userId,
          String(user.registered),
          String(user.connected),
          user.lastSeenAt ?? '',
        ]),
      ]),
    )
  else for (const user of users) terminal.show(user, '')
  return users.some(({ registered }) => registered > 0) ? EXIT.fine : EXIT.nobody
}
