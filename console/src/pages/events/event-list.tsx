import type { HistoryPage } from '@rollcall/client'
import { useRef, useState } from 'preact/hooks'
import { type Filters, href } from '../../routes.ts'
import type { Scope } from '../../session/scope.ts'
import { ProblemBanner } from '../../ui/banner.tsx'
import { Empty } from '../../ui/empty.tsx'
import { LiveButton } from '../../ui/live-button.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { cursorOf } from '../../ui/page-stack.ts'
import { Pager } from '../../ui/pager.tsx'
import { SearchField } from '../../ui/search-field.tsx'
import { usePageStack } from '../../ui/use-page-stack.ts'
import { usePoll } from '../../ui/use-poll.ts'
import { go } from '../../ui/use-route.ts'
import { EventTable } from './event-table.tsx'
import { FilterForm } from './filter-form.tsx'
import { searchPage } from './search-page.ts'

const LIVE_MS = 2_000
const PAGER = { label: 'Pages of events', first: 'Newest', back: 'Newer', on: 'Older' } as const

/** Events, newest first, one page of them at a time. Another instance for other filters. */
export function EventList({ filters, ...scope }: Scope & { readonly filters: Filters }) {
  const [stack, walk] = usePageStack()
  const [isLive, setLive] = useState(true)
  const cursor = cursorOf(stack)
  const isFollowed = isLive && cursor === undefined
  const { data, problem, isLoading } = usePoll(
    cursor ?? '',
    (signal) => searchPage(scope, filters, cursor, signal),
    { intervalMs: isFollowed ? LIVE_MS : 0, onProblem: scope.onProblem },
  )
  // The page one comes from stays until the next is there, or everything would jump.
  const last = useRef<HistoryPage | undefined>(undefined)
  last.current = data ?? last.current
  const page = last.current
  return (
    <Page
      title="Events"
      lead="What was sent, and what became of it."
      actions={<SearchField label="Event id" action="Find" onFind={(id) => go(href(['events', id]))} />}
    >
      <FilterForm filters={filters} />
      <ProblemBanner problem={problem} />
      <Card
        title={cursor === undefined ? 'Newest' : `Page ${stack.length + 1}`}
        actions={cursor === undefined && <LiveButton isLive={isLive} onToggle={setLive} />}
      >
        <div class="listed" aria-busy={isLoading} data-fresh={data !== undefined}>
          {page === undefined ? (
            problem === undefined && <p class="quiet">Looking …</p>
          ) : (
            <Found page={page} filters={filters} isOfMany={scope.organizationId === undefined} />
          )}
        </div>
        <Pager names={PAGER} stack={stack} nextCursor={data?.nextCursor} onWalk={walk} />
      </Card>
    </Page>
  )
}

function Found({
  page: { events, nextCursor },
  filters,
  isOfMany,
}: {
  readonly page: HistoryPage
  readonly filters: Filters
  readonly isOfMany: boolean
}) {
  if (events.length > 0) return <EventTable events={events} isOfMany={isOfMany} />
  if (nextCursor !== undefined)
    return <Empty title="Nothing found so far">There is more to look through: go on with Older.</Empty>
  return Object.keys(filters).length > 0 ? (
    <Empty title="No such events">
      None that the history still has matches. <a href="#/events">Show all</a>
    </Empty>
  ) : (
    <Empty title="No events yet">
      What is sent shows up here. <a href="#/send">Send one</a>
    </Empty>
  )
}
