import { useEffect, useRef, useState } from 'preact/hooks'
import { type Change, changesBetween, type Look } from './changes.ts'

export type KeptChange = Change & { readonly number: number }

const CHANGES_MAX = 100

/** What has changed between the looks at somebody since the first, newest first; the oldest are forgotten. */
export function useChanges(look: Look | undefined): readonly KeptChange[] {
  const [changes, setChanges] = useState<readonly KeptChange[]>([])
  const last = useRef<Look | undefined>(undefined)
  useEffect(() => {
    const before = last.current
    last.current = look ?? before
    if (before === undefined || look === undefined || before === look) return
    const found = changesBetween(before, look)
    if (found.length === 0) return
    setChanges((kept) => {
      const first = (kept[0]?.number ?? 0) + 1
      const numbered = found.map((change, index) => ({ ...change, number: first + index }))
      return [...numbered.reverse(), ...kept].slice(0, CHANGES_MAX)
    })
  }, [look])
  return changes
}
