import { useEffect, useState } from 'preact/hooks'
import type { DeskState, SendDesk } from './desk.ts'

/** What is on the desk now; the page is drawn anew whenever that changes. */
export function useDesk(desk: SendDesk): DeskState {
  const [state, setState] = useState(desk.state)
  useEffect(() => {
    const follow = (): void => setState(desk.state)
    follow()
    return desk.subscribe(follow)
  }, [desk])
  return state
}
