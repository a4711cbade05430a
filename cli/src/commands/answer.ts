import { createClient } from '@rollcall/client/client'
import { EXIT, UsageError } from '../exit-codes.ts'
import { HELPED, readArgs, tokenOf, urlOf } from '../options.ts'
import { bold, plain, type Terminal } from '../terminal.ts'
import { attributesOf } from './attributes.ts'

const USAGE = `Usage: rollcall answer EVENT [JSON] --id ENDPOINT [options]

Answers an event, by its id, for an endpoint of the caller's: the person there took the call. The first endpoint wins,
once, and may say so again; ends with 5 where another was first, or there is nothing to answer any more. JSON is an
object for the sender, of at most 4096 bytes.

  --id ENDPOINT       the endpoint that answers; it is one that the event was sent to`

export async function answer(args: readonly string[], terminal: Terminal): Promise<number> {
  const given = readArgs(args, USAGE, { id: { type: 'string' } })
  if (given === undefined) return HELPED
  const [eventId, json, ...extra] = given.positionals
  const userEndpointId = given.text('id')
  if (eventId === undefined || userEndpointId === undefined || extra.length > 0) throw new UsageError(USAGE)
  const said = json === undefined ? {} : { answer: attributesOf(json, 'the answer') }
  const getToken = tokenOf(given, terminal)
  const token = await getToken({ signal: terminal.stopped, refused: false })
  const client = createClient({ url: urlOf(given, terminal), token, signal: terminal.stopped })
  await client.answer(eventId, { userEndpointId, ...said })
  terminal.show(
    { eventId, answeredBy: userEndpointId },
    `${bold(userEndpointId)} has answered ${plain(eventId)}`,
  )
  return EXIT.fine
}
