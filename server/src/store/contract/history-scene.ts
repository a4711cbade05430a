import assert from 'node:assert/strict'
import type { AppendOutcome, HistoryDraft, HistoryQuery, HistoryRecord } from '../store.ts'
import { ENDPOINT, type Scene } from './scene.ts'

export const DAY_MS = 86_400_000
export const ACME: HistoryQuery = { organizationId: 'acme' }

export function draft(scene: Scene, eventId: string, wanted: Partial<HistoryDraft> = {}): HistoryDraft {
  return {
    organizationId: 'acme',
    userId: 'alice',
    eventId,
    type: 'CallOfferedEvent',
    qos: 0,
    acceptedAtWallMs: scene.under.wallMs(),
    senderId: 'backend',
    event: Buffer.from(JSON.stringify({ id: eventId })),
    ...wanted,
  }
}

/** Adds a QoS 0 event that nobody got. */
export function add(scene: Scene, eventId: string, wanted: Partial<HistoryDraft> = {}): void {
  scene.store.history.add(draft(scene, eventId, wanted), [])
}

/** Sends a QoS 1 event that is recorded. */
export function send(
  scene: Scene,
  eventId: string,
  eventsMax = 1000,
  userId = 'alice',
): Promise<AppendOutcome> {
  const { organizationId } = ENDPOINT
  const event = {
    eventId,
    payload: Buffer.from(eventId),
    sealed: false,
    acceptedAtWallMs: scene.under.wallMs(),
  }
  const record = draft(scene, eventId, { qos: 1, userId })
  const request = { organizationId, userId, event, record, eventsMax, bytesMax: 1_000_000 }
  return scene.store.mailboxes.append(request)
}

export async function names(scene: Scene, query: HistoryQuery, max = 1000): Promise<string> {
  const { records } = await scene.store.history.list(query, undefined, max)
  return records.map((record) => record.eventId).join(' ')
}

/** Every page, one record at a time, as a client would fetch them. */
export async function paged(
  scene: Scene,
  query: HistoryQuery,
  max: number,
): Promise<readonly HistoryRecord[]> {
  const all: HistoryRecord[] = []
  let before: number | undefined
  for (let page = 0; page < 10_000; page++) {
    const { records, next } = await scene.store.history.list(query, before, max)
    assert(records.length <= max)
    all.push(...records)
    if (next === undefined) return all
    before = next
  }
  throw new Error('the pages do not end')
}

export function plain(record: HistoryRecord | undefined) {
  assert(record !== undefined)
  const { recordId: _, event, ...rest } = record
  return { ...rest, event: Buffer.from(event).toString() }
}

/** `phone: queued 0, sent 5` for each endpoint, times counted from the acceptance. */
export async function fate(scene: Scene, eventId: string): Promise<string> {
  const record = await scene.store.history.find(eventId, ACME)
  assert(record !== undefined)
  const parts = record.endpoints.map(({ userEndpointId, at, outcome }) => {
    assert.equal(at.at(-1)?.outcome, outcome)
    const steps = at.map((one) => `${one.outcome} ${one.atWallMs - record.acceptedAtWallMs}`)
    return `${userEndpointId}: ${steps.join(', ')}`
  })
  return parts.join('; ')
}
