import { useEffect, useState } from 'preact/hooks'
import { ago, clockTime, fullTime, span } from '../format.ts'

/** An instant: its time of day, the whole of it on hovering, and where it matters how long ago. */
export function Time({ at, relative = false }: { readonly at: string; readonly relative?: boolean }) {
  const nowMs = useNow(relative ? 1_000 : 0)
  return (
    <time dateTime={at} title={fullTime(at)}>
      {relative ? ago(Date.parse(at), nowMs) : clockTime(at, nowMs)}
    </time>
  )
}

/** How long until an instant; counts down. */
export function Until({ at, past }: { readonly at: string; readonly past: string }) {
  const nowMs = useNow(1_000)
  const leftMs = Date.parse(at) - nowMs
  return (
    <time dateTime={at} title={fullTime(at)}>
      {leftMs <= 0 ? past : span(leftMs)}
    </time>
  )
}

/** The time of day, renewed every `everyMs`; 0: of the moment it was first asked. */
export function useNow(everyMs: number): number {
  const [nowMs, setNowMs] = useState(() => Date.now())
  useEffect(() => {
    if (everyMs === 0) return
    const timer = setInterval(() => setNowMs(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return nowMs
}
