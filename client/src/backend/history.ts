import type { HistoryPage, HistoryRecord } from '@rollcall/protocol/history'
import { readInteger } from '../connect/options.ts'
import type { ClientClock } from '../platform.ts'
import { parseJsonAnswer } from '../refusal.ts'
import { sleep } from '../waiting.ts'
import type { Call, OrganizationOptions } from './call.ts'
import { parseHistoryPage, parseHistoryRecord } from './history-answers.ts'

/** Every filter that is given must match. */
export type HistoryQuery = {
  /** The recipient. */
  readonly userId?: string
  readonly userEndpointId?: string
  readonly type?: string
  /** When it was accepted: ISO-8601 instants, `from` included, `to` not. */
  readonly from?: string
  readonly to?: string
  /** Records in a page. Default 50, range 1 to 200. */
  readonly limit?: number
  /** `nextCursor` of the page before, with the same filters. */
  readonly cursor?: string
}

export type FollowOptions = OrganizationOptions & {
  /** How often to ask; milliseconds. Default 2,000, range 100 to 3,600,000. */
  readonly intervalMs?: number
}

/** What became of events. */
export interface History {
  /** @throws RollcallError `not_found` */
  find(eventId: string, options?: OrganizationOptions): Promise<HistoryRecord>
  /** One page, newest first. */
  list(query?: HistoryQuery, options?: OrganizationOptions): Promise<HistoryPage>
  /** Every record that matches, newest first, a page at a time. */
  all(query?: HistoryQuery, options?: OrganizationOptions): AsyncIterableIterator<HistoryRecord>
  /**
   * Records from now on, oldest first, and again whenever something has become of one; until the signal is aborted.
   * It asks again and again, and looks back a minute each time: what becomes of an event later than that is not
   * told.
   */
  follow(
    query?: Omit<HistoryQuery, 'from' | 'to' | 'cursor'>,
    options?: FollowOptions,
  ): AsyncIterableIterator<HistoryRecord>
}

const LOOK_BACK_MS = 60_000

export function createHistory(call: Call, clock: ClientClock): History {
  const history: History = {
    async find(eventId, { organizationId, signal } = {}) {
      const path = `/rtc-api/events/${encodeURIComponent(eventId)}${queryString({ organizationId })}`
      return parseHistoryRecord(await parseJsonAnswer(await call(path, {}, { signal })))
    },
    async list(query = {}, { organizationId, signal } = {}) {
      const path = `/rtc-api/events${queryString({ ...query, organizationId })}`
      return parseHistoryPage(await parseJsonAnswer(await call(path, {}, { signal })))
    },
    all: (query, options) => pages(history, query, options),
    follow: (query, options) => follow(history, clock, query, options),
  }
  return history
}

async function* pages(
  { list }: History,
  query: HistoryQuery = {},
  options: OrganizationOptions = {},
): AsyncGenerator<HistoryRecord, void, undefined> {
  let cursor = query.cursor
  do {
    const page = await list({ ...query, ...(cursor === undefined ? {} : { cursor }) }, options)
    yield* page.events
    cursor = page.nextCursor
  } while (cursor !== undefined)
}

async function* follow(
  history: History,
  clock: ClientClock,
  query: HistoryQuery = {},
  { intervalMs = 2_000, ...options }: FollowOptions = {},
): AsyncGenerator<HistoryRecord, void, undefined> {
  readInteger('intervalMs', intervalMs, 100, 3_600_000)
  const signal = options.signal ?? new AbortController().signal
  const startMs = clock.wallMs()
  /** What was told of each record last. */
  let told = new Map<string, string>()
  while (!signal.aborted) {
    const from = new Date(Math.max(startMs, clock.wallMs() - LOOK_BACK_MS)).toISOString()
    const recent: HistoryRecord[] = []
    for await (const record of pages(history, { ...query, from }, options)) recent.push(record)
    const now = new Map(recent.map((record) => [keyOf(record), JSON.stringify(record.endpoints)]))
    for (const record of recent.reverse())
      if (told.get(keyOf(record)) !== now.get(keyOf(record))) yield record
    told = now
    await sleep(clock, intervalMs, signal)
  }
}

/** An id may be given twice. */
function keyOf({ id, acceptedAt }: HistoryRecord): string {
  return `${acceptedAt} ${id}`
}

export function queryString(parameters: { readonly [name: string]: string | number | undefined }): string {
  const given = Object.entries(parameters).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  )
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}
