import { createBackend } from '@rollcall/client/client'
import { EXIT, UsageError } from '../exit-codes.ts'
import { HELPED, readArgs, tokenOf, urlOf, withOrganization } from '../options.ts'
import { plain, type Terminal } from '../terminal.ts'

const USAGE = `Usage: rollcall replay WEBHOOK [EVENT...] [options]

Has a webhook sent again what it did not take: its dead letters, all of them or those events. They come before what is new,
oldest first, and leave the list once they are taken. \`rollcall webhooks WEBHOOK\` lists them.

  --organization ID   for callers with role SERVICE`

export async function replay(args: readonly string[], terminal: Terminal): Promise<number> {
  const given = readArgs(args, USAGE, { organization: { type: 'string' } })
  if (given === undefined) return HELPED
  const [webhookId, ...ids] = given.positionals
  if (webhookId === undefined) throw new UsageError(USAGE)
  const backend = createBackend({ url: urlOf(given, terminal), credentials: tokenOf(given, terminal) })
  const path = `/rtc-api/webhooks/${encodeURIComponent(webhookId)}/deadLetters/replay`
  const body = ids.length === 0 ? {} : { body: { ids } }
  const options = { method: 'POST', signal: terminal.stopped, ...body }
  const answer = await backend.request(withOrganization(path, given), options)
  const count = typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'count') : undefined
  terminal.show({ webhookId, count }, `${String(count)} dead letters of ${plain(webhookId)} are sent again`)
  return EXIT.fine
}
