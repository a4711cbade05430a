import { createBackend } from '@rollcall/client/client'
import { EXIT, UsageError } from '../exit-codes.ts'
import { HELPED, readArgs, tokenOf, urlOf, withOrganization } from '../options.ts'
import { type Row, rowsIn } from '../rows.ts'
import { columns, plain, type Terminal } from '../terminal.ts'

const USAGE = `Usage: rollcall webhooks [WEBHOOK] [options]

Tells the organization's webhooks and how they are doing, or the events that one of them did not take.

  --limit N           with WEBHOOK: at most so many, oldest first (default 50)
  --attempts          with WEBHOOK: what it was sent lately instead, and what it answered, newest first
  --test              with WEBHOOK: sends it a test event, and tells what it answered
  --organization ID   for callers with role SERVICE`

const PAGE_MAX = 100

export async function webhooks(args: readonly string[], terminal: Terminal): Promise<number> {
  const given = readArgs(args, USAGE, {
    limit: { type: 'string' },
    attempts: { type: 'boolean' },
    test: { type: 'boolean' },
    organization: { type: 'string' },
  })
  if (given === undefined) return HELPED
  const [webhookId, ...extra] = given.positionals
  if (extra.length > 0) throw new UsageError(USAGE)
  const backend = createBackend({ url: urlOf(given, terminal), credentials: tokenOf(given, terminal) })
  const ask = (path: string, method = 'GET'): Promise<unknown> =>
    backend.request(withOrganization(path, given), { method, signal: terminal.stopped })
  if (webhookId === undefined) {
    if (given.flag('attempts') || given.flag('test')) throw new UsageError(USAGE)
    showAll(rowsIn(await ask('/rtc-api/webhooks'), 'webhooks'), HOOK_COLUMNS, terminal)
    return EXIT.fine
  }
  const about = `/rtc-api/webhooks/${encodeURIComponent(webhookId)}`
  if (given.flag('test')) return showTest(await ask(`${about}/test`, 'POST'), terminal)
  if (given.flag('attempts')) {
    showAll(rowsIn(await ask(`${about}/attempts`), 'attempts'), ATTEMPT_COLUMNS, terminal)
    return EXIT.fine
  }
  const limit = given.integer('limit', 1, 100_000) ?? 50
  const path = `${about}/deadLetters`
  const letters: Row[] = []
  let cursor: string | undefined
  do {
    const query = new URLSearchParams({ limit: String(Math.min(PAGE_MAX, limit - letters.length)) })
    if (cursor !== undefined) query.set('cursor', cursor)
    const page = await ask(`${path}?${query}`)
    letters.push(...rowsIn(page, 'deadLetters'))
    cursor = nextCursorIn(page)
  } while (cursor !== undefined && letters.length < limit)
  showAll(letters, LETTER_COLUMNS, terminal)
  return EXIT.fine
}

type Columns = readonly (readonly [heading: string, value: (row: Row) => unknown])[]

const HOOK_COLUMNS: Columns = [
  ['WEBHOOK', ({ id }) => id],
  ['ENABLED', ({ enabled }) => enabled],
  ['PENDING', ({ pending }) => pending],
  ['DEAD', ({ deadLetters }) => deadLetters],
  ['LAST FAILURE', ({ lastFailure }) => lastFailure],
  ['LAST SUCCESS', ({ lastSuccessAt }) => lastSuccessAt],
  ['URL', ({ url }) => url],
]

const LETTER_COLUMNS: Columns = [
  ['EVENT', ({ event }) => member(event, 'id')],
  ['TYPE', ({ event }) => member(event, 'type')],
  ['FAILED AT', ({ failedAt }) => failedAt],
  ['FAILURE', ({ failure }) => failure],
]

const ATTEMPT_COLUMNS: Columns = [
  ['AT', ({ at }) => at],
  ['WHAT', ({ kind }) => kind],
  ['EVENTS', ({ events }) => events],
  ['STATUS', ({ status }) => status],
  ['FAILURE', ({ failure }) => failure],
  ['TOOK MS', ({ tookMs }) => tookMs],
]

/** Fails where the receiver did. */
function showTest(attempt: unknown, terminal: Terminal): number {
  const [status, failure, tookMs] = ['status', 'failure', 'tookMs'].map((name) => member(attempt, name))
  const answer = status === undefined ? plain(String(failure)) : `status ${String(status)}`
  const said = failure === undefined ? 'taken' : 'not taken'
  terminal.show(attempt, `${said}: ${answer}, after ${String(tookMs)} ms`)
  return failure === undefined ? EXIT.fine : EXIT.failed
}

/** One JSON value a line for programs, a table for people. */
function showAll(rows: readonly Row[], columnsOf: Columns, terminal: Terminal): void {
  if (!terminal.isForPeople) for (const row of rows) terminal.show(row, '')
  else {
    const cells = rows.map((row) => columnsOf.map(([, value]) => String(value(row) ?? '')))
    terminal.show(rows, columns([columnsOf.map(([heading]) => heading), ...cells]))
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function nextCursorIn(page: unknown): string | undefined {
  const cursor = member(page, 'nextCursor')
  return typeof cursor === 'string' ? cursor : undefined
}
