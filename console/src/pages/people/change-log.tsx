import { href } from '../../routes.ts'
import { Empty } from '../../ui/empty.tsx'
import { Time } from '../../ui/time.tsx'
import type { KeptChange } from './use-changes.ts'

/** What has happened since the page was opened, newest first. Read aloud as it comes, since little does. */
export function ChangeLog({
  changes,
  isLive,
}: {
  readonly changes: readonly KeptChange[]
  readonly isLive: boolean
}) {
  return (
    <>
      {changes.length === 0 && (
        <Empty title={isLive ? 'Nothing has happened yet' : 'Not followed'}>
          {isLive
            ? 'Devices that come, connect and go show up here, and what becomes of events.'
            : 'What happens meanwhile shows up once Live is on again.'}
        </Empty>
      )}
      <ul class="entries log plain-links" role="log" aria-label="Changes" aria-relevant="additions">
        {changes.map(({ number, atMs, about, text, tone, eventId }) => (
          <li key={number}>
            <span class="quiet small number">
              <Time at={new Date(atMs).toISOString()} />
            </span>
            <span class={`log-text log-${tone}`}>
              {eventId === undefined ? (
                <bdi class="mono">{about}</bdi>
              ) : (
                <a href={href(['events', eventId])}>
                  <bdi>{about}</bdi>
                </a>
              )}
              {eventId === undefined ? ' ' : ': '}
              {text}
            </span>
          </li>
        ))}
      </ul>
    </>
  )
}
