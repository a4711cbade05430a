import type { Problem } from '../api/problem.ts'
import { ProblemBanner } from '../ui/banner.tsx'
import { Brand } from './brand.tsx'

/** While a sign-in of before is taken up, and why that takes time. */
export function Waiting({
  problem,
  onGiveUp,
}: {
  readonly problem: Problem | undefined
  readonly onGiveUp: () => void
}) {
  if (problem === undefined) return <p class="centered quiet">Signing in …</p>
  return (
    <main class="sign-in">
      <Brand />
      <ProblemBanner problem={{ ...problem, detail: `${problem.detail} It is asked again by itself.` }} />
      <button type="button" class="button" onClick={onGiveUp}>
        Sign in anew
      </button>
    </main>
  )
}
