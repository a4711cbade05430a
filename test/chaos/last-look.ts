import type { HistoryRecord } from '@rollcall/protocol/history'
import { call } from '../helpers/call.ts'
import type { Recorder } from '../history/recorder.ts'

/** What the service's own history says of an event, if there is one. */
export async function readOutcomes(
  recorder: Recorder,
  url: string,
  token: string,
  eventId: string,
): Promise<void> {
  const { status, json } = await call(url, token, `GET events/${eventId}`)
  if (status !== 200) return
  const { organizationId, userId, endpoints, answeredBy } = json as HistoryRecord
  const named = endpoints.map(
    ({ userEndpointId, outcome }) => [`${organizationId}/${userId}/${userEndpointId}`, outcome] as const,
  )
  recorder.add({
    ...{ kind: 'outcomes', eventId, endpoints: Object.fromEntries(named) },
    ...(answeredBy === undefined ? {} : { answeredBy }),
  })
}

/** What the service believes that there is, and what there is when everybody is looked at. */
export async function recount(
  recorder: Recorder,
  url: string,
  token: string,
  users: readonly string[],
): Promise<void> {
  const { json } = await call(url, token, 'GET statistics')
  const { registrations, mailboxEvents } = json as { registrations: number; mailboxEvents: number }
  const depths: Record<string, number> = {}
  for (const userId of users) {
    const listed = await call(url, token, `GET users/${userId}/endpoints`)
    for (const { id, mailboxDepth } of listed.json as { id: string; mailboxDepth: number }[])
      depths[`acme/${userId}/${id}`] = mailboxDepth
  }
  const waiting = Object.values(depths).reduce((sum, depth) => sum + depth, 0)
  const counted = { registrations: Object.keys(depths).length, mailboxEvents: waiting }
  recorder.add({ kind: 'recount', totals: { registrations, mailboxEvents }, counted, depths })
}
