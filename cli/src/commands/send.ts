import { createBackend, type Message, type Receipt } from '@rollcall/client/client'
import { EXIT, UsageError } from '../exit-codes.ts'
import { HELPED, readArgs, tokenOf, urlOf } from '../options.ts'
import { bold, dim, type Terminal } from '../terminal.ts'

const USAGE = `Usage: rollcall send USER TYPE [JSON] [options]
       rollcall send USER - [options]

Sends an event to a user: its TYPE and its further attributes as a JSON object, or "-" for a whole event from
standard input. Where there is no timestamp, it is now. Ends with 6 where nobody is there, and with --wait where
nobody has acknowledged. A TYPE is at least two capitalised words, then "Event": CallOfferedEvent.

  --endpoint ID        only to this endpoint
  --qos N              0: at most once, 1: at least once (default 1)
  --wait N             seconds to wait for receipts, 1 to 30
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
  }
  const backend = createBackend({ url: urlOf(given, terminal), credentials: tokenOf(given, terminal) })
  const receipt = await backend.send(message, {
    signal: terminal.stopped,
    ...textsOf({ idempotencyKey: given.text('key') }),
    ...(waitSeconds === undefined ? {} : { waitSeconds }),
  })
  terminal.show(receipt, describe(userId, receipt))
  return (receipt.acknowledged ?? receipt.count) > 0 ? EXIT.fine : EXIT.nobody
}

/** @throws UsageError */
function eventOf(json: string, type: string | undefined): Message['event'] {
  let value: unknown
  try {
    value = JSON.parse(json.replace(/^\ufeff/, ''))
  } catch {
    // Not repeated: it may come from a file, and hold what is nobody's business.
    throw new UsageError('the event is not JSON')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError('the event must be a JSON object')
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

function describe(userId: string, { count, eventId, acknowledged, connected }: Receipt): string {
  const accepted = `accepted for ${count} endpoint${count === 1 ? '' : 's'} of ${userId}`
  const receipts = acknowledged === undefined ? '' : `, ${connected} connected, ${acknowledged} acknowledged`
  return `${bold(accepted + receipts)}  ${dim(eventId)}`
}
