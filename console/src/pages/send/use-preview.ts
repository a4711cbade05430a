import { RollcallError } from '@rollcall/client'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { EventDraft, StoredEvent } from '../../api/api.ts'
import { describe, isAborted } from '../../api/problem.ts'
import type { Scope } from '../../session/scope.ts'
import { type MaskLine, maskFault } from './masks.ts'

/** What will be kept of an event. */
export type Preview = {
  /** The last answer; `undefined`: none yet. */
  readonly event: StoredEvent | undefined
  /** A mask that is not one. */
  readonly fault: string | undefined
  /** Why there is no newer answer. */
  readonly problem: string | undefined
}

const NOTHING: Preview = { event: undefined, fault: undefined, problem: undefined }
/** Rest after the last key before the server is asked. */
const DEBOUNCE_MS = 300

/** Asks the server, which alone knows its masks, whenever `event` or `masks` are others. */
export function usePreview(
  { session, onProblem }: Scope,
  event: EventDraft,
  masks: readonly MaskLine[],
): Preview {
  const [preview, setPreview] = useState(NOTHING)
  const wanted = JSON.stringify([event, masks])
  const latest = useRef({ masks, onProblem })
  latest.current = { masks, onProblem }
  useEffect(() => {
    if (masks.length === 0) return setPreview(NOTHING)
    const life = new AbortController()
    const ask = async (): Promise<void> => {
      const { masks: lines } = latest.current
      try {
        const texts = lines.map(({ text }) => text)
        const kept = await session.api.previewMasks(event, texts, life.signal)
        if (!life.signal.aborted) setPreview({ ...NOTHING, event: kept })
      } catch (error) {
        if (life.signal.aborted || isAborted(error)) return
        latest.current.onProblem(error)
        setPreview({ ...NOTHING, ...whyNot(error, lines) })
      }
    }
    const timer = setTimeout(() => void ask(), DEBOUNCE_MS)
    return () => {
      clearTimeout(timer)
      life.abort()
    }
  }, [wanted])
  return preview
}

function whyNot(error: unknown, lines: readonly MaskLine[]): Partial<Preview> {
  const isRefusal = error instanceof RollcallError
  const fault = isRefusal ? error.fields.get('masks') : undefined
  if (fault !== undefined) return { fault: maskFault(fault, lines) }
  if (isRefusal && error.code === 'not_found')
    return { problem: 'This server is older than the console: it shows no preview.' }
  const { title, detail } = describe(error)
  return { problem: `${title}. ${detail}` }
}
