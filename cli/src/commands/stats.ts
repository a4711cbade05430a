import { createBackend, type Statistics } from '@rollcall/client/client'
import { EXIT, UsageError } from '../exit-codes.ts'
import { HELPED, readArgs, tokenOf, urlOf } from '../options.ts'
import { columns, type Terminal } from '../terminal.ts'

const USAGE = `Usage: rollcall stats [options]

Tells how the organization is doing: who is there now, and what was sent and became of it since the server started.

  --organization ID   for callers with role SERVICE; without it, they get the total of all`

export async function stats(args: readonly string[], terminal: Terminal): Promise<number> {
  const given = readArgs(args, USAGE, { organization: { type: 'string' } })
  if (given === undefined) return HELPED
  if (given.positionals.length > 0) throw new UsageError(USAGE)
  const organizationId = given.text('organization')
  const backend = createBackend({ url: urlOf(given, terminal), credentials: tokenOf(given, terminal) })
  const statistics = await backend.statistics({
    signal: terminal.stopped,
    ...(organizationId === undefined ? {} : { organizationId }),
  })
  terminal.show(statistics, describe(statistics))
  return EXIT.fine
}

function describe(statistics: Statistics): string {
  const { at, since, registrations, connected, mailboxEvents, mailboxBytes, qos0, qos1, ended } = statistics
  return columns([
    ['ORGANIZATION', statistics.organizationId ?? 'all'],
    ['AT', at],
    ['registered', String(registrations)],
    ['connected', String(connected)],
    ['events that wait', `${mailboxEvents} (${mailboxBytes} bytes)`],
    ['SINCE', since],
    ...counts('QoS 0', qos0),
    ...counts('QoS 1', qos1),
    ...counts('registrations', ended),
    ...silentNodes(statistics),
  ])
}

/** Their figures are missing. */
function silentNodes({ nodes }: Statistics): readonly (readonly string[])[] {
  return (nodes?.silent ?? []).map((node) => ['NOT COUNTED', `${node} did not answer`])
}

function counts(what: string, of: object): readonly (readonly string[])[] {
  return Object.entries(of).map(([name, count]) => [`${what} ${words(name)}`, String(count)])
}

/** `mailboxFull` as people say it. */
function words(name: string): string {
  return name.replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`)
}
