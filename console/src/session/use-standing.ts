import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { describe, type Problem } from '../api/problem.ts'
import { href } from '../routes.ts'
import { go } from '../ui/use-route.ts'
import { endOf } from './ended.ts'
import { forgetToken } from './kept-token.ts'
import { hasComeBack } from './provider-sign-in.ts'
import { isKept, resume, returning, type Session } from './session.ts'

/** Who is at the console. */
export type Standing =
  | { readonly is: 'resuming'; readonly problem?: Problem }
  | { readonly is: 'signed out'; readonly problem?: Problem | undefined }
  /** `serial` differs between any two sign-ins. */
  | { readonly is: 'signed in'; readonly session: Session; readonly serial: number }

/** Ends that session, or the attempt to resume one; anybody else's is left alone. */
export type Leave = (session: Session | undefined, problem?: Problem) => void

const AGAIN_MS = 3_000

/** Where whoever sits here stands, and the only two ways to change that. */
export function useStanding() {
  const [standing, setStanding] = useState<Standing>({ is: 'resuming' })
  const current = useRef<Session | undefined>(undefined)
  const serial = useRef(0)
  const enter = useCallback((session: Session) => {
    current.current = session
    setStanding({ is: 'signed in', session, serial: ++serial.current })
  }, [])
  const leave: Leave = useCallback((session, problem) => {
    // An answer to somebody who has left says nothing about whoever came after.
    if (session !== current.current) return
    current.current = undefined
    if (session === undefined) forgetToken()
    session?.end()
    // Who ends it leaves no trace of where they were; whose sign-in has ended comes back to it.
    if (problem === undefined) go(href(['now']), 'replace')
    setStanding({ is: 'signed out', problem })
  }, [])
  useResuming(standing, enter, (next) => {
    current.current = undefined
    setStanding(next)
  })
  useReturning(current, () => {
    current.current = undefined
    setStanding({ is: 'resuming' })
  })
  return { standing, enter, leave }
}

/** Takes up the sign-in of before a reload; again and again where only the server is in the way. */
function useResuming(
  standing: Standing,
  enter: (session: Session) => void,
  onFailed: (next: Standing) => void,
): void {
  useEffect(() => {
    if (standing.is !== 'resuming') return
    let isOver = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const isReturning = hasComeBack()
    const fail = (thrown: unknown): void => {
      const end = endOf(thrown)
      const problem = end ?? describe(thrown)
      if (end !== undefined) forgetToken()
      // A code is good once: nothing is tried again by itself.
      if (problem.isPassing && !isReturning)
        timer = setTimeout(() => onFailed({ is: 'resuming', problem }), standing.problem ? AGAIN_MS : 0)
      else onFailed({ is: 'signed out', problem })
    }
    const beginning = isReturning ? returning() : resume()
    beginning.then(
      (session) => {
        if (isOver) return
        if (session === undefined) onFailed({ is: 'signed out' })
        else enter(session)
      },
      (thrown: unknown) => isOver || fail(thrown),
    )
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [standing])
}

/**
 * A document that comes back from the browser's memory looks as it did when it was left, though this tab may have
 * signed out since: it is hidden when it goes, and asks who is there when it comes back.
 */
function useReturning(current: { readonly current: Session | undefined }, onStranger: () => void): void {
  useEffect(() => {
    const hide = ({ persisted }: PageTransitionEvent): void => {
      document.body.hidden = persisted
    }
    const show = ({ persisted }: PageTransitionEvent): void => {
      if (!persisted) return
      const session = current.current
      if (session !== undefined && !isKept(session)) onStranger()
      // Drawn anew first: what was seen before must not flash up.
      setTimeout(() => {
        document.body.hidden = false
      })
    }
    addEventListener('pagehide', hide)
    addEventListener('pageshow', show)
    return () => {
      removeEventListener('pagehide', hide)
      removeEventListener('pageshow', show)
    }
  }, [])
}
