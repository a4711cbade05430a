import type { UserPresence } from '@rollcall/client'
import { OutcomeBadges } from '../../outcome/outcome-badges.tsx'
import { href } from '../../routes.ts'
import { optionsOf, type Scope } from '../../session/scope.ts'
import { ProblemBanner } from '../../ui/banner.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Card } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'
import { usePoll } from '../../ui/use-poll.ts'
import { PresenceBadge } from './presence-badge.tsx'
import { type RecentPerson, recentPeople } from './recent-people.ts'

const EVENTS = 100
const AGAIN_MS = 5_000

type Seen = RecentPerson & { readonly presence: UserPresence | undefined }

/** Who events were sent to lately, and whether they are there. */
export function Lately({ session, organizationId, onProblem }: Scope) {
  const ask = async (signal: AbortSignal): Promise<readonly Seen[]> => {
    const options = optionsOf({ organizationId }, signal)
    const { events } = await session.api.events({ limit: EVENTS }, options)
    const people = recentPeople(events)
    if (people.length === 0) return []
    const presences = await session.api.presence(
      people.map(({ userId }) => userId),
      options,
    )
    return people.map((person, index) => ({ ...person, presence: presences[index] }))
  }
  const { data, problem } = usePoll('lately', ask, { intervalMs: AGAIN_MS, onProblem })
  return (
    <>
      <ProblemBanner problem={problem} />
      <Card title="People events were sent to lately">
        {data === undefined ? (
          problem === undefined && <p class="quiet">Looking …</p>
        ) : data.length === 0 ? (
          <Empty title="Nobody was sent anything lately">
            Write a user id above, or <a href={href(['send'])}>send an event</a>.
          </Empty>
        ) : (
          <People people={data} />
        )}
      </Card>
    </>
  )
}

function People({ people }: { readonly people: readonly Seen[] }) {
  return (
    <div class="table-wrap plain-links">
      <table class="rows">
        <thead>
          <tr>
            <th class="rows-who">User</th>
            <th class="rows-standing">Now</th>
            <th class="rows-when">Last event</th>
            <th>What became of it</th>
          </tr>
        </thead>
        <tbody>
          {people.map((seen) => (
            <Row key={seen.userId} {...seen} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ userId, newest, presence }: Seen) {
  return (
    <tr>
      <td class="rows-who rows-main">
        <a class="clamp" href={href(['people', userId])}>
          <bdi>{userId}</bdi>
        </a>
      </td>
      <td class="rows-standing">{presence !== undefined && <PresenceBadge presence={presence} />}</td>
      <td class="rows-when">
        <a href={href(['events', newest.id])} aria-label={`Last event to ${userId}`}>
          <Time at={newest.acceptedAt} relative />
        </a>
      </td>
      <td class="rows-outcome">
        <OutcomeBadges record={newest} />
      </td>
    </tr>
  )
}
