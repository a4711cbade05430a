import { useEffect, useState } from 'preact/hooks'
import type { Webhook } from '../../api/api.ts'
import { describe, type Problem } from '../../api/problem.ts'
import { count } from '../../format.ts'
import { optionsOf, type Scope } from '../../session/scope.ts'
import { failureInWords } from './health.ts'
import { begin, look, type Progress, type Replay } from './replay.ts'

/** What came of what somebody did to dead letters. */
export type Said = {
  readonly tone: 'info' | 'success' | 'warning'
  readonly title: string
  readonly detail?: string
}

/** What can be done with dead letters, and what came of it. */
export type Actions = {
  readonly said: Said | undefined
  readonly problem: Problem | undefined
  /** Whether a request is under way. */
  readonly isBusy: boolean
  /** Sends those of these ids again, or all. */
  readonly replay: (ids: readonly string[] | undefined) => void
  readonly drop: () => void
}

/** Sends dead letters again and watches them go; drops them. */
export function useReplay({
  scope,
  webhook,
  onReplaying,
  onChange,
}: {
  readonly scope: Scope
  readonly webhook: Webhook
  readonly onReplaying: (isReplaying: boolean) => void
  /** There is something new to ask for. */
  readonly onChange: () => void
}): Actions {
  const { api } = scope.session
  const [going, setGoing] = useState<Replay>()
  const [said, setSaid] = useState<Said>()
  const [problem, setProblem] = useState<Problem>()
  const [isBusy, setIsBusy] = useState(false)
  useEffect(() => {
    if (going === undefined) return
    const progress = look(going, webhook, Date.now())
    setSaid(sayHowFar(progress))
    setGoing(progress.is === 'going' ? progress.replay : undefined)
  }, [webhook])
  useEffect(() => onReplaying(going !== undefined), [going !== undefined])

  const act = async (work: () => Promise<void>): Promise<void> => {
    setIsBusy(true)
    setProblem(undefined)
    setSaid(undefined)
    try {
      await work()
      onChange()
    } catch (thrown) {
      scope.onProblem(thrown)
      setProblem(describe(thrown))
    } finally {
      setIsBusy(false)
    }
  }
  const replay = async (ids: readonly string[] | undefined): Promise<void> => {
    const asked = await api.replay(webhook.id, ids, optionsOf(scope))
    setSaid(sayBegun(asked, webhook))
    setGoing(asked === 0 || !webhook.enabled ? undefined : begin(webhook, asked, Date.now()))
  }
  const drop = async (): Promise<void> => {
    await api.removeDeadLetters(webhook.id, optionsOf(scope))
    setGoing(undefined)
    setSaid({ tone: 'success', title: 'All dead letters were dropped' })
  }
  return {
    said,
    problem,
    isBusy,
    replay: (ids) => void act(() => replay(ids)),
    drop: () => void act(drop),
  }
}

function sayBegun(asked: number, { enabled }: Webhook): Said {
  if (asked === 0)
    return { tone: 'info', title: 'Nothing was sent again', detail: 'It is not in the list any more.' }
  if (enabled) return { tone: 'info', title: `Sending ${count(asked)} again …` }
  const detail = 'It is disabled in the directory file. Dead letters wait for it as everything else does.'
  return { tone: 'warning', title: `${count(asked)} will be sent once the webhook is enabled`, detail }
}

function sayHowFar(progress: Progress): Said {
  switch (progress.is) {
    case 'going':
      return { tone: 'info', title: `Sending ${count(progress.left)} again …` }
    case 'taken':
      return {
        tone: 'success',
        title:
          progress.count === 1
            ? 'The receiver has taken it'
            : `The receiver has taken all ${count(progress.count)}`,
      }
    case 'stopped': {
      const { failure, left } = progress
      const why = failure === undefined ? 'nothing moves any more' : `the receiver ${failureInWords(failure)}`
      const detail = `${count(left)} ${left === 1 ? 'is' : 'are'} still in the list. Replay again when the receiver is ready.`
      return { tone: 'warning', title: `The replay has stopped: ${why}`, detail }
    }
  }
}
