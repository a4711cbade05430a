import type { UserPage, UserPresence } from '@rollcall/protocol/command'
import { useRef } from 'preact/hooks'
import { href, type PeopleShown } from '../../routes.ts'
import { optionsOf, type Scope } from '../../session/scope.ts'
import { ProblemBanner } from '../../ui/banner.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Card } from '../../ui/page.tsx'
import { cursorOf } from '../../ui/page-stack.ts'
import { Pager } from '../../ui/pager.tsx'
import { usePageStack } from '../../ui/use-page-stack.ts'
import { usePoll } from '../../ui/use-poll.ts'
import { PresenceBadge } from './presence-badge.tsx'

const ROWS = 50
const AGAIN_MS = 5_000
/** A page may be empty although more follow: so many are asked for before somebody is asked to go on. */
const EMPTY_PAGES_MAX = 5
const PAGER = { label: 'Pages of people', first: 'First', back: 'Previous', on: 'Next' } as const

type Which = { readonly prefix: string; readonly shown: Exclude<PeopleShown, 'lately'> }

/** The users of the organization by id, one page of them at a time. Another instance for another choice. */
export function Everybody({ prefix, shown, ...scope }: Scope & Which) {
  const [stack, walk] = usePageStack()
  const cursor = cursorOf(stack)
  const { data, problem, isLoading } = usePoll(
    cursor ?? '',
    (signal) => pageOf(scope, { prefix, shown }, cursor, signal),
    { intervalMs: AGAIN_MS, onProblem: scope.onProblem },
  )
  // The page one comes from stays until the next is there, or everything would jump.
  const last = useRef<UserPage | undefined>(undefined)
  last.current = data ?? last.current
  const page = last.current
  return (
    <>
      <ProblemBanner problem={problem} />
      <Card title={stack.length === 0 ? TITLES[shown] : `${TITLES[shown]}, page ${stack.length + 1}`}>
        <div class="listed" aria-busy={isLoading}>
          {page === undefined ? (
            problem === undefined && <p class="quiet">Looking …</p>
          ) : (
            <Found page={page} prefix={prefix} shown={shown} />
          )}
        </div>
        <Pager names={PAGER} stack={stack} nextCursor={data?.nextCursor} onWalk={walk} />
      </Card>
    </>
  )
}

const TITLES = { everybody: 'Everybody', connected: 'Connected now' } as const

async function pageOf(
  { session, organizationId }: Scope,
  { prefix, shown }: Which,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<UserPage> {
  const query = { prefix, limit: String(ROWS), ...(shown === 'connected' ? { connected: 'true' } : {}) }
  let from = cursor
  for (let asked = 1; ; asked++) {
    const page = await session.api.users({ ...query, cursor: from }, optionsOf({ organizationId }, signal))
    if (page.users.length > 0 || page.nextCursor === undefined || asked === EMPTY_PAGES_MAX) return page
    from = page.nextCursor
  }
}

function Found({ page: { users, nextCursor }, prefix, shown }: Which & { readonly page: UserPage }) {
  if (users.length > 0) return <People users={users} />
  if (nextCursor !== undefined)
    return <Empty title="Nobody found so far">There are more to look through: go on with Next.</Empty>
  if (prefix !== '') return <Empty title="Nobody whose id begins like that">Enter opens this very id.</Empty>
  return shown === 'connected' ? (
    <Empty title="Nobody is connected now">
      <a href={href(['people'])}>Show everybody</a>
    </Empty>
  ) : (
    <Empty title="Nobody yet">Who registers a device shows up here, and stays for 90 days.</Empty>
  )
}

function People({ users }: { readonly users: readonly UserPresence[] }) {
  return (
    <div class="table-wrap plain-links">
      <table class="rows rows-people">
        <thead>
          <tr>
            <th class="rows-main">User</th>
            <th class="rows-standing">Now</th>
          </tr>
        </thead>
        <tbody>
          {users.map((user) => (
            <tr key={user.userId}>
              <td class="rows-main">
                <a class="clamp" href={href(['people', user.userId])}>
                  <bdi>{user.userId}</bdi>
                </a>
              </td>
              <td class="rows-standing">
                <PresenceBadge presence={user} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
