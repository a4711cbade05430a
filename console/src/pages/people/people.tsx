import { useEffect } from 'preact/hooks'
import { href } from '../../routes.ts'
import type { Scope } from '../../session/scope.ts'
import { Empty } from '../../ui/empty.tsx'
import { Page } from '../../ui/page.tsx'
import { SearchField } from '../../ui/search-field.tsx'
import { go } from '../../ui/use-route.ts'
import { Lately } from './lately.tsx'
import { Person } from './person.tsx'

/** Who is reachable: somebody, or those whom events were sent to lately. */
export function PeoplePage({ userId, ...scope }: Scope & { readonly userId: string | undefined }) {
  const { session, organizationId } = scope
  const isOwn = session.sight === 'own'
  useEffect(() => {
    // Whoever sees nobody else has nobody to look for.
    if (isOwn && userId === undefined) go(href(['people', session.name]), 'replace')
  }, [isOwn, userId])
  return (
    <Page
      title={userId ?? 'People'}
      lead={leadOf(isOwn, userId)}
      actions={
        !isOwn && (
          <SearchField
            label="User id"
            action="Show"
            value={userId}
            autofocus={userId === undefined}
            onFind={(id) => go(href(['people', id]))}
          />
        )
      }
    >
      {organizationId === undefined ? (
        <Empty title="Which organization?">
          Users belong to one: name it at the top of the page, and their devices show up here.
        </Empty>
      ) : userId === undefined ? (
        !isOwn && <Lately key={organizationId} {...scope} organizationId={organizationId} />
      ) : (
        <Person key={JSON.stringify([organizationId, userId])} {...scope} userId={userId} />
      )}
    </Page>
  )
}

function leadOf(isOwn: boolean, userId: string | undefined) {
  if (isOwn) return 'Your own devices.'
  return userId === undefined ? (
    'Who is reachable, and at which devices.'
  ) : (
    <a href={href(['people'])}>All people</a>
  )
}
