import { createBackend, type Message, type Receipt } from '@rollcall/client/client'
import { EXIT, UsageError } from '../exit-codes.ts'
import { HELPED, readArgs, tokenOf, urlOf } from '../options.ts'
import { bold, dim, type Terminal } from '../terminal.ts'
import { attributesOf } from './attributes.ts'

const USAGE = `Usage: rollcall send USER TYPE [JSON] [options]
       rollcall send USER - [options]

Sends an event to a user: its TYPE and its further attributes as a JSON object, or "-" for a whole event from
standard input. Where there is no timestamp, it is now. Ends with 6 where nobody is there, and with --wait where
nobody has acknowledged, or with --wait-for answered nobody has answered. A TYPE is at least two capitalised words, then "Event": CallOfferedEvent.

  --endpoint ID        only to this endpoint
  --qos N              0: at most once, 1: at least once (default 1)
  --wait N             seconds to wait for receipts, 1 to 30
  --wait-for WHAT      with --wait: "acknowledged" by every endpoint (default), or "answered" by one
  --grace MS           with --wait: how long where no endpoint is connected, 0 to 30000 (default 500)
  --cancel-others TYPE an event of this type to the others once one has answered
  --mask PATH          what must not be kept, a JsonPath; may be given more than once
  --ttl N              seconds after which it is not delivered any more
  --collapse-key KEY   replaces unsent events with the same key
  --key KEY            idempotency key (default: a new one)
  --organization ID    for callers with role SERVICE`

export async function send(args: readonly string[], terminal: Terminal): Promise<number> {
  const given = readArgs(args, USAGE, {
    endpoint: { type: 'string' },
    qos: { type: 'string' },
    wait: { type: 'string' },
    'wait-for': { type: 'string' },
    grace: { type: 'string' },
    'cancel-others': { type: 'string' },
    mask: { type: 'string', multiple: true },
    ttl: { type: 'string' },
    'collapse-key': { type: 'string' },
    key: { type: 'string' },
    organization: { type: 'string' },
  })
  if (given === undefined) return HELPED
  const [userId, type, attributes, ...extra] = given.positionals
  if (userId === undefined || type === undefined || extra.length > 0) throw new UsageError(USAGE)
  const ttlSeconds = given.integer('ttl', 1, 31_536_000)
  const waitSeconds = given.integer('wait', 1, 30)
  const waitFor = waitForOf(given.text('wait-for'))
  const graceMs = given.integer('grace', 0, 30_000)
  const others = given.text('cancel-others')
  const message: Message = {
    userId,
    event: type === '-' ? eventOf(await terminal.readStdin(), undefined) : eventOf(attributes ?? '{}', type),
    qos: given.integer('qos', 0, 1) ?? 1,
    ...textsOf({
      userEndpointId: given.text('endpoint'),
      collapseKey: given.text('collapse-key'),
      organizationId: given.text('organization'),
    }),
    ...(given.all('mask').length === 0 ? {} : { masks: given.all('mask') }),
    ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
    ...(waitFor === undefined ? {} : { waitFor }),
    ...(graceMs === undefined ? {} : { graceMs }),
    ...(others === undefined ? {} : { cancelOthers: { event: { type: others } } }),
  }
  const backend = createBackend({ url: urlOf(given, terminal), credentials: tokenOf(given, terminal) })
  const receipt = await backend.send(message, {
    signal: terminal.stopped,
    ...textsOf({ idempotencyKey: given.text('key') }),
    ...(waitSeconds === undefined ? {} : { waitSeconds }),
  })
  terminal.show(receipt, describe(userId, receipt))
  return isReached(receipt, waitFor) ? EXIT.fine : EXIT.nobody
}

/** @throws UsageError */
function waitForOf(given: string | undefined): Message['waitFor'] {
  if (given === undefined || given === 'acknowledged' || given === 'answered') return given
  throw new UsageError(`--wait-for must be "acknowledged" or "answered"\n${USAGE}`)
}

function isReached({ count, acknowledged, answeredBy }: Receipt, waitFor: Message['waitFor']): boolean {
  // A server that was asked without --wait, or does not wait, says neither.
  if (acknowledged === undefined) return count > 0
  return waitFor === 'answered' ? answeredBy !== undefined : acknowledged > 0
}

/** @throws UsageError */
function eventOf(json: string, type: string | undefined): Message['event'] {
  const value = attributesOf(json, 'the event')
  const named = type === undefined ? value : { type, ...value }
  if (!hasType(named)) throw new UsageError('the event needs a type')
  return named
}

function hasType(value: object): value is { readonly type: string } {
  return 'type' in value && typeof value.type === 'string'
}

function textsOf<Name extends string>(
  texts: { readonly [name in Name]: string | undefined },
): {
  readonly [name in Name]?: string
} {
  const found: { [name in Name]?: string } = {}
  for (const name in texts) if (texts[name] !== undefined) found[name] = texts[name]
  return found
}

function describe(userId: string, { count, eventId, acknowledged, connected, answeredBy }: Receipt): string {
  const accepted = `accepted for ${count} endpoint${count === 1 ? '' : 's'} of ${userId}`
  const receipts = acknowledged === undefined ? '' : `, ${connected} connected, ${acknowledged} acknowledged`
  const answered = answeredBy === undefined ? '' : `, answered by ${answeredBy}`
  return `${bold(accepted + receipts + answered)}  ${dim(eventId)}`
}
