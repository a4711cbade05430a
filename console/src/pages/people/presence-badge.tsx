import type { UserPresence } from '@rollcall/client'
import { Badge } from '../../ui/badge.tsx'
import { Time } from '../../ui/time.tsx'
import { shortStanding } from './standing.ts'

/** Whether somebody is there, and when they were seen, in a few words. */
export function PresenceBadge({ presence }: { readonly presence: UserPresence }) {
  const { tone, text } = shortStanding(presence)
  return (
    <span class="standing">
      <Badge tone={tone}>{text}</Badge>
      <span class="quiet small">
        {presence.lastSeenAt === null ? (
          'never seen'
        ) : (
          <>
            seen <Time at={presence.lastSeenAt} relative />
          </>
        )}
      </span>
    </span>
  )
}
