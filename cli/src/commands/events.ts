import { createBackend, type HistoryQuery, type HistoryRecord } from '@rollcall/client/client'
import { EXIT, UsageError } from '../exit-codes.ts'
import { HELPED, readArgs, tokenOf, urlOf } from '../options.ts'
import { bold, dim, plain, type Terminal } from '../terminal.ts'

const USAGE = `Usage: rollcall events [ID] [options]

Tells what became of one event, or of those that match, newest first; with --follow of those from now on, oldest
first, and again whenever something has become of one, until Ctrl-C.

  --to-user ID        sent to this user
  --endpoint ID       accepted for this endpoint
  --type TYPE         of this type
  --from, --to TIME   accepted in this time: ISO-8601 instants
  --limit N           at most so many (default 50)
  --follow            stay
  --organization ID   for callers with role SERVICE`

export async function events(args: readonly string[], terminal: Terminal): Promise<number> {
  const given = readArgs(args, USAGE, {
    'to-user': { type: 'string' },
    endpoint: { type: 'string' },
    type: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    limit: { type: 'string' },
    follow: { type: 'boolean' },
    organization: { type: 'string' },
  })
  if (given === undefined) return HELPED
  const [eventId, ...extra] = given.positionals
  if (extra.length > 0) throw new UsageError(USAGE)
  const { history } = createBackend({ url: urlOf(given, terminal), credentials: tokenOf(given, terminal) })
  const organizationId = given.text('organization')
  const options = { signal: terminal.stopped, ...(organizationId === undefined ? {} : { organizationId }) }
  const show = (record: HistoryRecord): void => terminal.show(record, describe(record))
  if (eventId !== undefined) {
    show(await history.find(eventId, options))
    return EXIT.fine
  }
  const query = queryOf([
    ['userId', given.text('to-user')],
    ['userEndpointId', given.text('endpoint')],
    ['type', given.text('type')],
    ['from', given.text('from')],
    ['to', given.text('to')],
  ])
  const limit = given.integer('limit', 1, 1_000_000) ?? 50
  if (given.flag('follow')) await untilStopped(terminal, history.follow(query, options), show)
  else {
    let count = 0
    for await (const record of history.all({ ...query, limit: Math.min(limit, 200) }, options)) {
      show(record)
      if (++count >= limit) break
    }
  }
  return EXIT.fine
}

function queryOf(parts: readonly (readonly [keyof HistoryQuery, string | undefined])[]): HistoryQuery {
  return Object.fromEntries(parts.filter(([, value]) => value !== undefined))
}

async function untilStopped(
  { stopped }: Terminal,
  records: AsyncIterable<HistoryRecord>,
  show: (record: HistoryRecord) => void,
): Promise<void> {
  try {
    for await (const record of records) show(record)
  } catch (error) {
    if (!stopped.aborted) throw error
  }
}

function describe(record: HistoryRecord): string {
  const { id, acceptedAt, userId, qos, event, endpoints } = record
  const head = `${dim(acceptedAt)}  ${bold(String(event['type']))} to ${bold(userId)} at QoS ${qos}  ${dim(id)}`
  const { id: _id, type: _type, timestamp: _timestamp, ...rest } = event
  const body = Object.keys(rest).length === 0 ? [] : [`    ${plain(JSON.stringify(rest))}`]
  const parts = endpoints.map(({ userEndpointId, outcome, discardReason, ...at }) => {
    const when = Object.entries(at).map(([name, instant]) => `${name.replace(/At$/, '')} ${instant}`)
    const why = discardReason === undefined ? '' : ` (${inWords(discardReason)})`
    return `    ${plain(userEndpointId)}: ${bold(inWords(outcome))}${plain(why)}  ${dim(when.join(', '))}`
  })
  const whom = parts.length === 0 ? ['    nobody was registered'] : parts
  return [head, ...body, ...whom, ...describeAnswer(record)].join('\n')
}

function inWords(code: string): string {
  return code.replaceAll('_', ' ')
}

function describeAnswer({ answeredAt, answeredBy, answer }: HistoryRecord): readonly string[] {
  if (answeredAt === undefined) return []
  const said = answer === undefined ? '' : `: ${plain(JSON.stringify(answer))}`
  return [`    ${bold(`answered by ${answeredBy}`)}${said}  ${dim(answeredAt)}`]
}
