import { useCallback, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { describe, isAborted, type Problem } from '../api/problem.ts'

/** How it stands with something that is asked for again and again. */
export type Polled<T> = {
  /** The last answer; kept while later ones fail. */
  readonly data: T | undefined
  /** Why there is no newer one. */
  readonly problem: Problem | undefined
  readonly isLoading: boolean
  /** Asks now. */
  readonly refresh: () => void
}

/** After failures in a row it asks less often, up to this factor. */
const SLOWER_MAX = 8

type PollOptions<T> = {
  readonly intervalMs: number
  readonly onProblem: (thrown: unknown) => void
  /** Whether nothing newer can follow an answer. Default: something always can. */
  readonly isLast?: (data: T) => boolean
  /** Whether nothing will come of asking again after a failure. Default: something may. */
  readonly isHopeless?: (thrown: unknown) => boolean
}

/**
 * Asks at once, and again `intervalMs` after each answer while the page is to be seen; anew whenever `key` changes,
 * what was known of the former one is then forgotten. `intervalMs` 0: only once, and not again to hold still.
 */
export function usePoll<T>(
  key: string,
  ask: (signal: AbortSignal) => Promise<T>,
  { intervalMs, onProblem, isLast, isHopeless }: PollOptions<T>,
): Polled<T> {
  const [state, setState] = useState<{ key: string; data?: T; problem?: Problem; isLoading: boolean }>({
    key,
    isLoading: true,
  })
  // The newest closures, without beginning anew whenever a page is drawn.
  const latest = useRef({ ask, onProblem, isLast, isHopeless })
  latest.current = { ask, onProblem, isLast, isHopeless }
  const again = useRef<() => void>(() => undefined)
  const known = useRef<string | undefined>(undefined)

  // With the drawing and not after it: a page that says it holds still asks nothing more.
  useLayoutEffect(() => {
    const life = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    let isAsking = false
    let isOver = false
    let failures = 0
    // A new pace forgets nothing.
    setState((old) => (old.key === key ? old : { key, isLoading: true }))
    const schedule = (): void => {
      if (intervalMs > 0 && !isOver && !life.signal.aborted && !document.hidden)
        timer = setTimeout(run, intervalMs * Math.min(2 ** failures, SLOWER_MAX))
    }
    const run = (): void => {
      clearTimeout(timer)
      if (isAsking) return
      isAsking = true
      latest.current
        .ask(life.signal)
        .then(
          (data) => {
            // What was asked before is not what is shown now.
            if (life.signal.aborted) return
            failures = 0
            isOver = latest.current.isLast?.(data) ?? false
            known.current = key
            setState({ key, data, isLoading: false })
          },
          (thrown: unknown) => {
            if (life.signal.aborted || isAborted(thrown)) return
            failures++
            isOver = latest.current.isHopeless?.(thrown) ?? false
            latest.current.onProblem(thrown)
            setState((old) => ({ ...old, key, problem: problemOf(thrown, intervalMs), isLoading: false }))
          },
        )
        .finally(() => {
          isAsking = false
          schedule()
        })
    }
    const shown = (): void => {
      if (!document.hidden && intervalMs > 0 && !isOver) run()
    }
    again.current = run
    const isKnown = known.current === key
    if (!isKnown) known.current = undefined
    if (intervalMs > 0 || !isKnown) run()
    document.addEventListener('visibilitychange', shown)
    addEventListener('online', shown)
    return () => {
      removeEventListener('online', shown)
      document.removeEventListener('visibilitychange', shown)
      clearTimeout(timer)
      life.abort()
    }
  }, [key, intervalMs])

  const refresh = useCallback(() => again.current(), [])
  const isCurrent = state.key === key
  return {
    data: isCurrent ? state.data : undefined,
    problem: isCurrent ? state.problem : undefined,
    isLoading: !isCurrent || state.isLoading,
    refresh,
  }
}

function problemOf(thrown: unknown, intervalMs: number): Problem {
  const problem = describe(thrown)
  if (!problem.isPassing || intervalMs === 0) return problem
  return { ...problem, detail: `${problem.detail} It is asked again by itself.` }
}
