import type { EntryPosition, Outcome, RegistrationKey, Sender, Store, UserKey } from '../../store/store.ts'

/** What somebody waits for, and what of it is not known yet. */
export type Awaited = {
  readonly to: UserKey
  /** Others may have sent something under its id. */
  readonly sentBy: Sender
  readonly eventId: string
  readonly open: readonly EntryPosition[]
}

export type Ended = { readonly entry: EntryPosition; readonly isAcknowledged: boolean }

/** Whether an entry of a mailbox came to its end so. */
const HAS_ENDED: { readonly [outcome in Outcome]: boolean } = {
  not_connected: true,
  queued: false,
  woken: false,
  sent: false,
  acknowledged: true,
  expired: true,
  discarded: true,
}

/**
 * What became of entries of which nothing was heard, once the time is over: they may have ended at another process, and its word
 * may have got lost.
 */
export async function lookUpEnded(
  { history }: Pick<Store, 'history'>,
  { to, sentBy, eventId, open }: Awaited,
): Promise<{ readonly ended: readonly Ended[]; readonly answeredBy: string | undefined }> {
  const record = await history.find(eventId, { organizationId: to.organizationId, userId: to.userId, sentBy })
  const ended = open.flatMap((entry): readonly Ended[] => {
    const { userEndpointId } = entry.registration
    const known = record?.endpoints.find((one) => one.userEndpointId === userEndpointId)
    if (known === undefined || !HAS_ENDED[known.outcome]) return []
    return [{ entry, isAcknowledged: known.outcome === 'acknowledged' }]
  })
  return { ended, answeredBy: record?.answered?.userEndpointId }
}

/** Which of the registrations have a link by now, at whatever process. */
export async function lookUpConnected(
  { registrations }: Pick<Store, 'registrations'>,
  wanted: readonly RegistrationKey[],
): Promise<readonly RegistrationKey[]> {
  const sightings = await registrations.look(wanted, { link: true })
  const linked = new Set(
    sightings.flatMap(({ registration, link }) => (link === undefined ? [] : [registration.registrationId])),
  )
  return wanted.filter(({ registrationId }) => linked.has(registrationId))
}
