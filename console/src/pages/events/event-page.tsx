import { type HistoryRecord, RollcallError } from '@rollcall/client'
import { typeOf } from '../../outcome/event-type.ts'
import { isFinal, isOver } from '../../outcome/outcome.ts'
import { summaryOf } from '../../outcome/summary.ts'
import { href } from '../../routes.ts'
import { optionsOf, type Scope } from '../../session/scope.ts'
import { Answer } from '../../ui/answer.tsx'
import { ProblemBanner } from '../../ui/banner.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { JsonView } from '../../ui/json-view.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'
import { usePoll } from '../../ui/use-poll.ts'
import { Timeline } from './timeline-view.tsx'

const FOLLOW_MS = 2_000

/** One event's life. Followed until nothing more can become of it. Another instance for another event. */
export function EventPage({ eventId, ...scope }: Scope & { readonly eventId: string }) {
  const { data, problem } = usePoll(
    eventId,
    (signal) => scope.session.api.event(eventId, optionsOf(scope, signal)),
    {
      intervalMs: FOLLOW_MS,
      onProblem: scope.onProblem,
      isLast: (record: HistoryRecord) => isOver(record, Date.now()),
      isHopeless: (thrown) => thrown instanceof RollcallError && thrown.code === 'not_found',
    },
  )
  return (
    <Page
      title={data === undefined ? 'Event' : typeOf(data)}
      lead={<a href={href(['events'])}>All events</a>}
      actions={data !== undefined && <Related record={data} />}
    >
      <ProblemBanner problem={problem} />
      {data === undefined ? problem === undefined && <p class="quiet">Looking …</p> : <Life record={data} />}
    </Page>
  )
}

function Related({ record: { userId } }: { readonly record: HistoryRecord }) {
  return (
    <a class="button" href={href(['events'], { userId })}>
      <span>
        Events to <bdi class="cut">{userId}</bdi>
      </span>
    </a>
  )
}

function Life({ record }: { readonly record: HistoryRecord }) {
  const { tone, text } = summaryOf(record)
  return (
    <>
      <Answer tone={tone} title={text}>
        {!isFinal(record) && <p class="quiet">It is not over yet: this page follows it.</p>}
      </Answer>
      {record.endpoints.length > 0 && (
        <Card title="At each device">
          <Timeline record={record} />
        </Card>
      )}
      <div class="columns">
        <Card title="Facts">
          <Facts record={record} />
        </Card>
        <Card title="What is kept of it">
          <JsonView value={record.event} label="The event as it is kept" />
          <p class="hint kept-hint">
            {hasMasked(record.event)
              ? 'Asterisks stand for masked values: the device got them in clear, here they were never stored.'
              : 'No value of it is masked: this is what a device gets.'}
          </p>
        </Card>
        {record.answer !== undefined && (
          <Card title="What was answered">
            <JsonView value={record.answer} label="The answer as it is kept" />
          </Card>
        )}
      </div>
    </>
  )
}

const KINDS = { user: 'a user', client: 'a backend', service: 'role SERVICE' } as const

/** What the sender was comes before its name, which anybody may choose. */
function From({ record: { sentBy } }: { readonly record: HistoryRecord }) {
  if (sentBy === undefined) return <span class="quiet">not recorded then</span>
  const { kind, id } = sentBy
  if (id === undefined) return KINDS[kind]
  return (
    <>
      <bdi>{id}</bdi> <span class="quiet">{KINDS[kind]}</span>
    </>
  )
}

function Facts({ record }: { readonly record: HistoryRecord }) {
  const { id, userId, organizationId, qos, acceptedAt, answeredAt, answeredBy } = record
  return (
    <dl class="facts">
      <dt>Id</dt>
      <dd class="row">
        <code>{id}</code>
        <CopyButton text={id} label="Copy the event’s id" />
      </dd>
      <dt>Type</dt>
      <dd>{typeOf(record)}</dd>
      <dt>Accepted</dt>
      <dd>
        <Time at={acceptedAt} /> <span class="quiet">({<Time at={acceptedAt} relative />})</span>
      </dd>
      {answeredAt !== undefined && (
        <>
          <dt>Answered</dt>
          <dd>
            <Time at={answeredAt} />{' '}
            <span class="quiet">
              by <bdi>{answeredBy}</bdi>
            </span>
          </dd>
        </>
      )}
      <dt>From</dt>
      <dd>
        <From record={record} />
      </dd>
      <dt>To</dt>
      <dd>
        <a href={href(['people', userId])}>
          <bdi>{userId}</bdi>
        </a>
      </dd>
      <dt>Organization</dt>
      <dd>{organizationId}</dd>
      <dt>QoS</dt>
      <dd>
        {qos} <span class="quiet">{qos === 1 ? 'at least once' : 'at most once'}</span>
      </dd>
    </dl>
  )
}

/** Whether any value is a string of asterisks only, as masks leave it. Such a one may also have been sent so. Pure. */
function hasMasked(value: unknown): boolean {
  if (typeof value === 'string') return /^\*+$/.test(value)
  return typeof value === 'object' && value !== null && Object.values(value).some(hasMasked)
}
