import { devices } from '../../outcome/outcome.ts'
import type { BadgeTone } from '../../ui/badge.tsx'

/** Whether somebody is reachable, as a sentence around their id, and what it means for who sends now. */
export type Standing = {
  readonly tone: BadgeTone
  /** What stands before the id, and after it. */
  readonly before: string
  readonly after: string
  readonly meaning: string
}

/** How many endpoints somebody has, and how many of them have a link. */
export type Reach = { readonly registered: number; readonly connected: number }

/** Pure. */
export function standingOf({ registered, connected }: Reach): Standing {
  if (registered === 0)
    return {
      tone: 'bad',
      before: 'Nobody is registered as ',
      after: '',
      meaning: 'An event that is sent now reaches no device, at any QoS.',
    }
  if (connected === 0)
    return {
      tone: 'busy',
      before: '',
      after: ` has ${devices(registered)} registered, none connected`,
      meaning: 'Events at QoS 1 wait until a device connects; others are lost.',
    }
  const share =
    registered === 1 ? 'the only device is connected' : `${connected} of ${devices(registered)} connected`
  return {
    tone: 'good',
    before: '',
    after: ` is reachable: ${share}`,
    meaning: connected === registered ? '' : 'At those not connected, events at QoS 1 wait; others are lost.',
  }
}

/** The same in a word or two, for lists. */
export function shortStanding({ registered, connected }: Reach): {
  readonly tone: BadgeTone
  readonly text: string
} {
  if (connected > 0) return { tone: 'good', text: 'Reachable' }
  return registered > 0
    ? { tone: 'busy', text: 'Registered, not connected' }
    : { tone: 'neutral', text: 'Nobody there' }
}

export function reachOf(endpoints: readonly { readonly connected: boolean }[]): Reach {
  return { registered: endpoints.length, connected: endpoints.filter(({ connected }) => connected).length }
}
