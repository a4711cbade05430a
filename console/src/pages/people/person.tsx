import { useEffect, useState } from 'preact/hooks'
import { href } from '../../routes.ts'
import type { Scope } from '../../session/scope.ts'
import { Answer } from '../../ui/answer.tsx'
import { Banner, ProblemBanner } from '../../ui/banner.tsx'
import { LiveButton } from '../../ui/live-button.tsx'
import { Card } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'
import { usePoll } from '../../ui/use-poll.ts'
import { ChangeLog } from './change-log.tsx'
import { Devices } from './devices.tsx'
import { LastEventLine } from './last-event-line.tsx'
import { LastEvents } from './last-events.tsx'
import { lookAt, type PersonLook } from './look-at.ts'
import { reachOf, standingOf } from './standing.ts'
import { useChanges } from './use-changes.ts'
import { useKick } from './use-kick.ts'

const LIVE_MS = 2_000
/** The same of somebody with so many devices that a look at them is megabytes. */
const MANY = 100
const LIVE_OF_MANY_MS = 10_000

/** Whether somebody is reachable, at what, and what became of the last events to them. Another instance for another. */
export function Person({ userId, ...scope }: Scope & { readonly userId: string }) {
  const [isLive, setLive] = useState(true)
  const [hasMany, setMany] = useState(false)
  const everyMs = hasMany ? LIVE_OF_MANY_MS : LIVE_MS
  const { data, problem, refresh } = usePoll(userId, (signal) => lookAt(scope, userId, signal), {
    intervalMs: isLive ? everyMs : 0,
    onProblem: scope.onProblem,
  })
  const changes = useChanges(data)
  useEffect(() => setMany((data?.endpoints.length ?? 0) > MANY), [data])
  const { kick, said } = useKick(scope, userId, refresh)
  if (data === undefined)
    return problem === undefined ? <p class="quiet">Looking …</p> : <ProblemBanner problem={problem} />
  return (
    <>
      <ProblemBanner problem={problem} />
      <Standing userId={userId} look={data} />
      {said !== undefined && <Banner tone={said.tone} title={said.text} />}
      <Devices userId={userId} endpoints={data.endpoints} onKick={kick} />
      <div class="person-below">
        <LastEvents userId={userId} records={data.records} />
        <Card title="Since you came" actions={<LiveButton isLive={isLive} onToggle={setLive} />}>
          <ChangeLog changes={changes} isLive={isLive} />
        </Card>
      </div>
    </>
  )
}

function Standing({ userId, look }: { readonly userId: string; readonly look: PersonLook }) {
  const { tone, before, after, meaning } = standingOf(reachOf(look.endpoints))
  return (
    <Answer
      tone={tone}
      title={
        <>
          {before}
          <bdi>{userId}</bdi>
          {after}
        </>
      }
      actions={
        <a class="button button-primary" href={href(['send', userId])}>
          Send an event
        </a>
      }
    >
      {look.lastSeen !== undefined && (
        <p>
          Last seen:{' '}
          {look.lastSeen === null ? 'never, or more than 90 days ago' : <Time at={look.lastSeen} relative />}.
        </p>
      )}
      {meaning !== '' && <p class="quiet">{meaning}</p>}
      <LastEventLine record={look.records[0]} />
    </Answer>
  )
}
