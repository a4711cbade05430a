import type { Filters } from '../../routes.ts'
import type { Scope } from '../../session/scope.ts'
import { EventList } from './event-list.tsx'
import { EventPage } from './event-page.tsx'

/** The events that were sent, or what became of one of them. */
export function EventsPage({
  eventId,
  filters,
  ...scope
}: Scope & { readonly eventId: string | undefined; readonly filters: Filters }) {
  const whose = scope.organizationId ?? ''
  if (eventId !== undefined)
    return <EventPage key={JSON.stringify([whose, eventId])} {...scope} eventId={eventId} />
  return <EventList key={JSON.stringify([whose, filters])} {...scope} filters={filters} />
}
