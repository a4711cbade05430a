import { RollcallError } from '@rollcall/client'
import type { ComponentChildren } from 'preact'
import type { DirectoryEntry } from '../../api/directory.ts'
import { href, hrefOfEntry } from '../../routes.ts'
import { optionsOf, type Scope } from '../../session/scope.ts'
import { ProblemBanner } from '../../ui/banner.tsx'
import { Empty } from '../../ui/empty.tsx'
import { JsonView } from '../../ui/json-view.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { usePoll } from '../../ui/use-poll.ts'
import { EntryAudit } from './entry-audit.tsx'
import { EntryEditor } from './entry-editor.tsx'
import { FileBanner } from './file-banner.tsx'
import { type Kind, TITLES } from './kinds.ts'

type Found = DirectoryEntry | 'none'

/** One entry: what it is, everything that can be done with it, and who did what to it. */
export function EntryPage({
  kind,
  entryId,
  scope,
}: {
  readonly kind: Kind
  readonly entryId: string
  readonly scope: Scope
}) {
  const { data, problem } = usePoll<Found>(
    `entry ${kind.kind} ${entryId} ${scope.organizationId ?? ''}`,
    (signal) => findIn(scope, kind, entryId, signal),
    { intervalMs: 0, onProblem: scope.onProblem },
  )
  return (
    <Page
      title={entryId}
      lead={<a href={hrefOfEntry(kind.kind)}>{TITLES[kind.kind]}</a>}
      actions={<OtherPage kind={kind} entryId={entryId} />}
    >
      <ProblemBanner problem={problem} />
      {data === undefined && problem === undefined && <p class="quiet">Asking …</p>}
      {data === 'none' && <None kind={kind} entryId={entryId} scope={scope} />}
      {typeof data === 'object' &&
        (data.revision === undefined ? (
          <Written entry={data} />
        ) : (
          <EntryEditor kind={kind} first={data} scope={scope} />
        ))}
    </Page>
  )
}

async function findIn(scope: Scope, { kind }: Kind, entryId: string, signal: AbortSignal): Promise<Found> {
  try {
    return await scope.session.api.directory.find(kind, entryId, optionsOf(scope, signal))
  } catch (error) {
    if (error instanceof RollcallError && error.code === 'not_found' && !error.fields.has('organizationId'))
      return 'none'
    throw error
  }
}

/** Where the same is seen at work. */
function OtherPage({ kind: { kind }, entryId }: { readonly kind: Kind; readonly entryId: string }) {
  const other = (page: 'people' | 'hooks', text: ComponentChildren) => (
    <a class="button" href={href([page, entryId])}>
      {text}
    </a>
  )
  if (kind === 'users') return other('people', 'Its devices')
  return kind === 'webhooks' ? other('hooks', 'How it is doing') : null
}

function None({
  kind: { kind, one, secret = 'secret' },
  entryId,
  scope,
}: {
  readonly kind: Kind
  readonly entryId: string
  readonly scope: Scope
}) {
  return (
    <>
      <Card>
        <Empty title={`There is no ${one} of this id`}>
          It may have been removed, or be another organization’s. <a href={hrefOfEntry(kind)}>All {kind}</a>
        </Empty>
      </Card>
      <EntryAudit {...{ kind, entryId, secret, scope }} seen="none" />
    </>
  )
}

function Written({ entry: { id, members } }: { readonly entry: DirectoryEntry }) {
  return (
    <>
      <FileBanner />
      <Card title="Members">
        <JsonView value={members} label={id} />
      </Card>
    </>
  )
}
