import type { Notice } from '@rollcall/protocol/notices'
import { count } from '../format.ts'
import { href } from '../routes.ts'

/** A notice for people: what is wrong, and the page that has more of it. */
export type Told = { readonly text: string; readonly href: string; readonly tone: 'danger' | 'warning' }

const HELP = '#/help'

/** Pure. A kind that this console does not know shows its name. */
export function tell(notice: Notice): Told {
  switch (notice.kind) {
    case 'store_unwritable':
      return danger('The store cannot write: nothing new is taken', HELP)
    case 'store_damaged':
      return danger('A file of the store is damaged: run rollcall check', HELP)
    case 'disk_full':
      return danger('The disk is full: new events are refused', HELP)
    case 'disk_low':
      return warning('The disk is nearly full', HELP)
    case 'store_partly_away':
      return danger('A part of the store cannot be reached: some users’ requests are refused', HELP)
    case 'busy':
      return warning('The server is busy: what is dear has to wait', href(['now']))
    case 'overloaded':
      return danger('The server is overloaded: sign-ins have to wait', href(['now']))
    case 'certificate_ends':
      return danger(`The server’s certificate ends on ${notice.at.slice(0, 10)}`, HELP)
    case 'mailboxes_full':
      return warning(
        `${times(notice.count, 'mailbox', 'mailboxes')} had no room in the last 5 min`,
        href(['events']),
      )
    case 'expiries_late':
      return warning(
        `${times(notice.count, 'registration', 'registrations')} expired late in the last 5 min`,
        href(['now']),
      )
    case 'webhook_failing':
      return danger(`A webhook is failing: ${notice.webhookId}`, hookOf(notice))
    case 'dead_letters':
      return warning(
        `${times(notice.count, 'dead letter', 'dead letters')} of a webhook: ${notice.webhookId}`,
        hookOf(notice),
      )
    default:
      return warning(`Something is wrong: ${String(Object(notice).kind)}`, HELP)
  }
}

function hookOf({ organizationId, webhookId }: { organizationId: string; webhookId: string }): string {
  return href(['hooks', webhookId], { organization: organizationId })
}

function times(number: number, one: string, more: string): string {
  return `${count(number)} ${number === 1 ? one : more}`
}

function danger(text: string, to: string): Told {
  return { text, href: to, tone: 'danger' }
}

function warning(text: string, to: string): Told {
  return { text, href: to, tone: 'warning' }
}
