import { useEffect, useRef } from 'preact/hooks'
import { href, type PeopleShown } from '../../routes.ts'
import type { Scope } from '../../session/scope.ts'
import { Empty } from '../../ui/empty.tsx'
import { Page } from '../../ui/page.tsx'
import { SearchField } from '../../ui/search-field.tsx'
import { Segments } from '../../ui/segments.tsx'
import { go } from '../../ui/use-route.ts'
import { Everybody } from './everybody.tsx'
import { Lately } from './lately.tsx'
import { Person } from './person.tsx'

const SHOWN = [
  ['everybody', 'Everybody'],
  ['connected', 'Connected'],
  ['lately', 'Sent to lately'],
] as const satisfies readonly (readonly [PeopleShown, string])[]

type Asked = {
  readonly userId: string | undefined
  /** What ids begin with, and who of them is shown. */
  readonly prefix: string
  readonly shown: PeopleShown
}

/** Who is reachable: somebody, or all of an organization. */
export function PeoplePage({ userId, prefix, shown, ...scope }: Scope & Asked) {
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
      actions={!isOwn && <Search userId={userId} prefix={prefix} shown={shown} />}
    >
      {organizationId === undefined ? (
        <Empty title="Which organization?">
          Users belong to one: name it at the top of the page, and they show up here.
        </Empty>
      ) : userId === undefined ? (
        !isOwn && <List {...scope} organizationId={organizationId} prefix={prefix} shown={shown} />
      ) : (
        <Person key={JSON.stringify([organizationId, userId])} {...scope} userId={userId} />
      )}
    </Page>
  )
}

/** What is written narrows the list; Enter opens that very id. */
function Search({ userId, prefix, shown }: Asked) {
  // The field is its own once somebody writes in it.
  const first = useRef(prefix)
  const isList = userId === undefined && shown !== 'lately'
  return (
    <SearchField
      label="User id"
      action="Show"
      value={userId ?? first.current}
      autofocus={userId === undefined}
      onWrite={isList ? (text) => go(hrefOf(text, shown), 'replace') : undefined}
      onFind={(id) => go(href(['people', id]))}
    />
  )
}

function List({ prefix, shown, ...scope }: Scope & Omit<Asked, 'userId'>) {
  return (
    <>
      <Segments
        legend="Who is shown"
        name="shown"
        options={SHOWN}
        value={shown}
        onChange={(next) => go(hrefOf(prefix, next), 'replace')}
      />
      {shown === 'lately' ? (
        <Lately key={scope.organizationId} {...scope} />
      ) : (
        <Everybody
          key={JSON.stringify([scope.organizationId, prefix, shown])}
          {...scope}
          prefix={prefix}
          shown={shown}
        />
      )}
    </>
  )
}

function hrefOf(prefix: string, shown: PeopleShown): string {
  return href(['people'], { prefix, shown: shown === 'everybody' ? undefined : shown })
}

function leadOf(isOwn: boolean, userId: string | undefined) {
  if (isOwn) return 'Your own devices.'
  return userId === undefined ? (
    'Who is reachable, and at which devices.'
  ) : (
    <a href={href(['people'])}>All people</a>
  )
}
