import type { IsConcerned } from '../../auth/auth.ts'
import { afterThisTurn } from '../../clock/clock.ts'
import type { MqttContext } from '../context.ts'
import type { Member } from './sessions.ts'

/** Connections looked at before everybody else gets a turn. */
const SLICE = 5_000

/**
 * Looks again at the tokens of the connections concerned, and closes those that are not good any more. A
 * connection that is being accepted meanwhile looks at its token itself.
 */
export async function reviewSessions(
  { sessions, auth }: MqttContext,
  isConcerned: IsConcerned,
): Promise<void> {
  const all = [...sessions.all]
  for (let from = 0; from < all.length; from += SLICE) {
    if (from > 0) await new Promise<void>((resolve) => afterThisTurn(resolve))
    for (const session of all.slice(from, from + SLICE)) review(session, auth, isConcerned)
  }
}

function review(session: Member, auth: MqttContext['auth'], isConcerned: IsConcerned): void {
  const { client } = session
  if (client === undefined || !session.isOpen || !isConcerned(client.principal)) return
  try {
    if (!auth.isStillGood(client.token)) session.close('authorization_lost')
  } catch (error) {
    session.fail(error)
  }
}
