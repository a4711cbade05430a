import type { ComponentChildren } from 'preact'
import { DIRECTORY_KINDS, type DirectoryKind, href, hrefOfEntry } from '../../routes.ts'
import type { Scope } from '../../session/scope.ts'
import { Empty } from '../../ui/empty.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { AuthorityList } from './authority-list.tsx'
import { AuthorityPage } from './authority-page.tsx'
import { EntryList } from './entry-list.tsx'
import { EntryPage } from './entry-page.tsx'
import { kindOf, TITLES } from './kinds.ts'
import { NewEntry } from './new-entry.tsx'

type Asked = {
  readonly kind: DirectoryKind
  /** `undefined`: all of them. */
  readonly entryId: string | undefined
  readonly prefix: string
  readonly isAdding: boolean
}

/** Who may sign in, who may call, and who is told: to be looked at and changed. */
export function DirectoryPage({ kind, entryId, prefix, isAdding, ...scope }: Scope & Asked) {
  if (scope.session.sight === 'own') return <NotForYou name={scope.session.name} />
  if (kind === 'webhooks' && scope.organizationId === undefined) return <WhichOrganization />
  const place = JSON.stringify([kind, entryId, scope.organizationId])
  if (kind === 'authorities')
    return entryId === undefined ? (
      <Lists kind={kind}>
        <AuthorityList key={place} scope={scope} />
      </Lists>
    ) : (
      <AuthorityPage key={place} authority={entryId} scope={scope} />
    )
  if (entryId !== undefined)
    return <EntryPage key={place} kind={kindOf(kind)} entryId={entryId} scope={scope} />
  if (isAdding) return <NewEntry key={place} kind={kindOf(kind)} scope={scope} />
  return (
    <Lists kind={kind}>
      <EntryList key={place} kind={kindOf(kind)} prefix={prefix} scope={scope} />
    </Lists>
  )
}

function Lists({ kind, children }: { readonly kind: DirectoryKind; readonly children: ComponentChildren }) {
  return (
    <Page title="Directory" lead="Who may sign in, who may call, and who is told.">
      <nav class="tabs" aria-label="What the directory has">
        {DIRECTORY_KINDS.map((each) => (
          <a key={each} href={hrefOfEntry(each)} aria-current={each === kind ? 'page' : undefined}>
            {TITLES[each]}
          </a>
        ))}
      </nav>
      {children}
    </Page>
  )
}

function NotForYou({ name }: { readonly name: string }) {
  return (
    <Page title="Directory">
      <Card>
        <Empty title="The directory concerns the whole organization">
          It is for people who administer it (authority ORGANIZATION_ADMIN), and for role SERVICE. You can see{' '}
          <a href={href(['people', name])}>your own devices</a>.
        </Empty>
      </Card>
    </Page>
  )
}

function WhichOrganization() {
  return (
    <Lists kind="webhooks">
      <Card>
        <Empty title="Which organization?">Name it at the top of the page: each has its own webhooks.</Empty>
      </Card>
    </Lists>
  )
}
