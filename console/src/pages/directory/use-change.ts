import { useState } from 'preact/hooks'
import { describe, type Problem } from '../../api/problem.ts'
import type { Scope } from '../../session/scope.ts'

export type Change = {
  readonly problem: Problem | undefined
  readonly isBusy: boolean
  /** Does one thing at a time. */
  readonly run: (work: () => Promise<void>) => void
}

/** Changes something, and tells what came of it. */
export function useChange({ onProblem }: Pick<Scope, 'onProblem'>): Change {
  const [problem, setProblem] = useState<Problem>()
  const [isBusy, setIsBusy] = useState(false)
  const work = async (task: () => Promise<void>): Promise<void> => {
    setIsBusy(true)
    setProblem(undefined)
    try {
      await task()
    } catch (error) {
      onProblem(error)
      setProblem(problemOf(error))
    } finally {
      setIsBusy(false)
    }
  }
  return { problem, isBusy, run: (task) => void (isBusy || work(task)) }
}

/** Rules are the one field that is written in JSON. */
function problemOf(error: unknown): Problem {
  if (!(error instanceof SyntaxError)) return describe(error)
  const fields = new Map([['send', error.message]])
  return { title: 'The rules are no JSON', detail: 'Nothing was sent.', fields, isPassing: false }
}
