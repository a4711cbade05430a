import { useRef } from 'preact/hooks'
import type { EntryPage } from '../../api/directory.ts'
import { hrefOfEntry } from '../../routes.ts'
import type { Scope } from '../../session/scope.ts'
import { ProblemBanner } from '../../ui/banner.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Card } from '../../ui/page.tsx'
import { Pager } from '../../ui/pager.tsx'
import { SearchField } from '../../ui/search-field.tsx'
import { usePageStack } from '../../ui/use-page-stack.ts'
import { go } from '../../ui/use-route.ts'
import { EntryRows } from './entry-rows.tsx'
import { FileBanner } from './file-banner.tsx'
import { type Kind, TITLES } from './kinds.ts'
import { useEntries } from './use-entries.ts'

const PAGER = { label: 'Pages of the directory', first: 'First', back: 'Previous', on: 'Next' } as const

type Props = { readonly kind: Kind; readonly prefix: string; readonly scope: Scope }

/** The entries of a kind by id; what is written narrows them, and Enter opens that very id. */
export function EntryList({ kind, prefix, scope }: Props) {
  const first = useRef(prefix)
  return (
    <>
      <SearchField
        label={`Id of ${kind.a}`}
        action="Open"
        value={first.current}
        onWrite={(text) => go(hrefOfEntry(kind.kind, undefined, { prefix: text }), 'replace')}
        onFind={(id) => go(hrefOfEntry(kind.kind, id))}
      />
      <Listed
        key={JSON.stringify([scope.organizationId, prefix])}
        kind={kind}
        prefix={prefix}
        scope={scope}
      />
    </>
  )
}

function Listed({ kind: { kind, a, one }, prefix, scope }: Props) {
  const [stack, walk] = usePageStack()
  const { data, problem, isLoading } = useEntries(kind, { prefix }, stack, scope)
  // The page one comes from stays until the next is there, or everything would jump.
  const last = useRef<EntryPage | undefined>(undefined)
  last.current = data ?? last.current
  const page = last.current
  const mayAdd = kind !== 'organizations' || scope.session.organizationId === undefined
  const isOfMany = scope.organizationId === undefined
  return (
    <>
      <ProblemBanner problem={problem} />
      {page?.isWritable === false && <FileBanner />}
      {(page !== undefined || problem === undefined) && (
        <Card
          title={stack.length === 0 ? TITLES[kind] : `${TITLES[kind]}, page ${stack.length + 1}`}
          actions={
            page?.isWritable === true &&
            mayAdd && (
              <a class="button button-primary" href={hrefOfEntry(kind, undefined, { add: 'true' })}>
                Add {a}
              </a>
            )
          }
        >
          <div class="listed" aria-busy={isLoading}>
            {page === undefined && <p class="quiet">Asking …</p>}
            {page?.entries.length === 0 && <None one={one} prefix={prefix} />}
            {page !== undefined && page.entries.length > 0 && (
              <EntryRows kind={kind} entries={page.entries} isOfMany={isOfMany} />
            )}
          </div>
          <Pager names={PAGER} stack={stack} nextCursor={data?.nextCursor} onWalk={walk} />
        </Card>
      )}
    </>
  )
}

function None({ one, prefix }: { readonly one: string; readonly prefix: string }) {
  if (prefix !== '') return <Empty title="Nothing whose id begins like that">Enter opens this very id.</Empty>
  return <Empty title={`There is no ${one} yet`} />
}
