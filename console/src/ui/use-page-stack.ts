import { useState } from 'preact/hooks'
import { type PageStack, readStack } from './page-stack.ts'

/** Kept beside the address, so that one comes back from what a list leads to, to the page that one was on. */
export function usePageStack(): readonly [PageStack, (stack: PageStack) => void] {
  const [stack, setStack] = useState(() => readStack(history.state))
  const walk = (next: PageStack): void => {
    history.replaceState({ pages: next }, '')
    setStack(next)
  }
  return [stack, walk]
}
