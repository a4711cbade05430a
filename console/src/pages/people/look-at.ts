import { optionsOf, type Scope } from '../../session/scope.ts'
import type { Look } from './changes.ts'

/** Somebody as they are to be seen now. */
export type PersonLook = Look & {
  /** When they were last seen, or `null`; asked only where nobody is registered. */
  readonly lastSeen: string | null | undefined
}

const EVENTS = 10

/** Looks at somebody: the devices, the newest events, and where there is no device when one was last there. */
export async function lookAt(
  { session, organizationId }: Scope,
  userId: string,
  signal: AbortSignal,
): Promise<PersonLook> {
  const options = optionsOf({ organizationId }, signal)
  const [endpoints, { events }] = await Promise.all([
    session.api.endpoints(userId, options),
    session.api.events({ userId, limit: EVENTS }, options),
  ])
  const presence = endpoints.length === 0 ? await session.api.presence([userId], options) : []
  // In the order in which they came: a place of its own for each, however they are kept alive.
  const sorted = endpoints.toSorted((one, other) => (one.registeredAt < other.registeredAt ? -1 : 1))
  return { atMs: Date.now(), endpoints: sorted, records: events, lastSeen: presence[0]?.lastSeenAt }
}
