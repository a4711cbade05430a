import { useState } from 'preact/hooks'
import type { AuditLine, AuditPage, EntryKind } from '../../api/directory.ts'
import { optionsOf, type Scope } from '../../session/scope.ts'
import { ProblemBanner } from '../../ui/banner.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Card } from '../../ui/page.tsx'
import { cursorOf, FIRST_PAGE } from '../../ui/page-stack.ts'
import { Pager } from '../../ui/pager.tsx'
import { Time } from '../../ui/time.tsx'
import { usePoll } from '../../ui/use-poll.ts'
import { wordsOf } from './audit-words.ts'

const LINES = 20
/** A page may be empty although more follow: so many are asked for before somebody is asked to go on. */
const EMPTY_PAGES_MAX = 5
const PAGER = { label: 'Pages of what was done', first: 'Newest', back: 'Newer', on: 'Older' } as const

/** Who did what to an entry, newest first. */
export function EntryAudit({
  kind,
  entryId,
  seen,
  secret,
  scope,
}: {
  readonly kind: EntryKind
  readonly entryId: string
  /** What makes it ask anew. */
  readonly seen: string
  /** What its secret is called. */
  readonly secret: string
  readonly scope: Scope
}) {
  const [stack, walk] = useState(FIRST_PAGE)
  const cursor = cursorOf(stack)
  const { data, problem } = usePoll(
    JSON.stringify([seen, cursor]),
    (signal) => pageOf(scope, kind, entryId, cursor, signal),
    { intervalMs: 0, onProblem: scope.onProblem },
  )
  return (
    <Card title="Who changed it">
      <ProblemBanner problem={problem} />
      {data?.lines.length === 0 && (
        <Empty title="Nobody, as far as the audit log goes back">
          It keeps lines for 90 days, unless it was told otherwise. What a file or a command brought has none.
        </Empty>
      )}
      {data !== undefined && data.lines.length > 0 && <Lines lines={data.lines} secret={secret} />}
      <Pager names={PAGER} stack={stack} nextCursor={data?.nextCursor} onWalk={walk} />
    </Card>
  )
}

async function pageOf(
  scope: Scope,
  entryKind: EntryKind,
  entryId: string,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<AuditPage> {
  const { directory } = scope.session.api
  const query = { entryKind, entryId, limit: String(LINES) }
  let from = cursor
  for (let asked = 1; ; asked++) {
    const page = await directory.audit({ ...query, cursor: from }, optionsOf(scope, signal))
    if (page.lines.length > 0 || page.nextCursor === undefined || asked === EMPTY_PAGES_MAX) return page
    from = page.nextCursor
  }
}

function Lines({ lines, secret }: { readonly lines: readonly AuditLine[]; readonly secret: string }) {
  return (
    <div class="table-wrap">
      <table class="rows rows-audit">
        <thead>
          <tr>
            <th class="rows-when">Time</th>
            <th class="rows-main">Who did what</th>
            <th class="rows-from">From</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line, index) => (
            <tr key={`${line.at} ${index}`}>
              <td class="rows-when">
                <Time at={line.at} />
              </td>
              <td class="rows-main">
                <strong>
                  <bdi>{line.callerId ?? 'Somebody unknown'}</bdi>
                </strong>{' '}
                {wordsOf(line, secret)}
              </td>
              <td class="rows-from quiet">{line.address ?? ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
