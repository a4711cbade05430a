import { ConfirmButton } from '../../ui/confirm.tsx'
import { Card } from '../../ui/page.tsx'
import type { Kind } from './kinds.ts'
import type { Editing } from './use-editing.ts'

/** What an entry shows for itself: a new one is made, and the former taken away, each when its time has come. */
export function SecretsCard({
  secret,
  editing: { seen, isBusy, rotateSecret, removeFormerSecret },
}: {
  readonly secret: NonNullable<Kind['secret']>
  readonly editing: Editing
}) {
  const hasTwo = seen.members['secrets'] === 2
  return (
    <Card title={secret === 'password' ? 'Password' : 'Secrets'}>
      <div class="stack">
        <p class="quiet">{secret === 'password' ? PASSWORD : hasTwo ? TWO_SECRETS : ONE_SECRET}</p>
        <div class="row">
          <ConfirmButton question={`Make a new ${secret} now`} disabled={isBusy} onConfirm={rotateSecret}>
            {`New ${secret}`}
          </ConfirmButton>
          {hasTwo && (
            <ConfirmButton
              question="End the former secret now"
              disabled={isBusy}
              onConfirm={removeFormerSecret}
            >
              Take the former away
            </ConfirmButton>
          )}
        </div>
      </div>
    </Card>
  )
}

const PASSWORD = 'A new password is shown once. The one from before ends at once, with every sign-in by it.'
const ONE_SECRET =
  'One is good now. A new one is shown once, and is good beside it until you take the former away: nobody is cut off in between.'
const TWO_SECRETS =
  'Two are good now. Take the former away once whoever uses it has the new one; what was got by it ends then. A third takes the place of the former at once.'
