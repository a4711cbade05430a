import { useState } from 'preact/hooks'
import type { EntryKind } from '../../api/directory.ts'
import { hrefOfEntry } from '../../routes.ts'
import type { Scope } from '../../session/scope.ts'
import { ProblemBanner } from '../../ui/banner.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { FIRST_PAGE } from '../../ui/page-stack.ts'
import { Pager } from '../../ui/pager.tsx'
import { EntryRows } from './entry-rows.tsx'
import { TITLES } from './kinds.ts'
import { useEntries } from './use-entries.ts'

/** Who holds an authority. */
export function AuthorityPage({ authority, scope }: { readonly authority: string; readonly scope: Scope }) {
  return (
    <Page title={authority} lead={<a href={hrefOfEntry('authorities')}>{TITLES.authorities}</a>}>
      <Holders kind="users" authority={authority} scope={scope} />
      <Holders kind="clients" authority={authority} scope={scope} />
    </Page>
  )
}

function Holders({
  kind,
  authority,
  scope,
}: {
  readonly kind: Extract<EntryKind, 'users' | 'clients'>
  readonly authority: string
  readonly scope: Scope
}) {
  const [stack, walk] = useState(FIRST_PAGE)
  const { data, problem } = useEntries(kind, { authority }, stack, scope)
  const names = { label: `Pages of ${kind}`, first: 'First', back: 'Previous', on: 'Next' }
  return (
    <Card title={TITLES[kind]}>
      <ProblemBanner problem={problem} />
      {data === undefined && problem === undefined && <p class="quiet">Asking …</p>}
      {data?.entries.length === 0 && (
        <Empty title={`No ${kind === 'users' ? 'user' : 'client'} holds it`}>
          It is given and taken away on their pages.
        </Empty>
      )}
      {data !== undefined && data.entries.length > 0 && (
        <EntryRows kind={kind} entries={data.entries} isOfMany={scope.organizationId === undefined} />
      )}
      <Pager names={names} stack={stack} nextCursor={data?.nextCursor} onWalk={walk} />
    </Card>
  )
}
