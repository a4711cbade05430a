import { RollcallError } from '@rollcall/client'
import { useState } from 'preact/hooks'
import { describe } from '../../api/problem.ts'
import { optionsOf, type Scope } from '../../session/scope.ts'

type Said = { readonly tone: 'success' | 'danger' | 'info'; readonly text: string }

/** Ends registrations of somebody, and says what came of the last attempt. */
export function useKick(
  { session, organizationId, onProblem }: Scope,
  userId: string,
  onDone: () => void,
): { readonly kick: (userEndpointId: string) => void; readonly said: Said | undefined } {
  const [said, setSaid] = useState<Said>()
  const tryToKick = async (userEndpointId: string): Promise<void> => {
    try {
      await session.api.kick(userId, userEndpointId, optionsOf({ organizationId }))
      setSaid({ tone: 'success', text: `${userEndpointId} was kicked: its registration is over.` })
    } catch (error) {
      onProblem(error)
      setSaid(failure(userEndpointId, error))
    }
    onDone()
  }
  return { kick: (userEndpointId) => void tryToKick(userEndpointId), said }
}

function failure(userEndpointId: string, error: unknown): Said {
  if (error instanceof RollcallError && ['not_found', 'endpoint_unknown'].includes(error.code))
    return { tone: 'info', text: `${userEndpointId} was gone already.` }
  const { title, detail } = describe(error)
  return { tone: 'danger', text: `${userEndpointId} was not kicked. ${title}: ${detail}` }
}
