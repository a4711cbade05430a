import { useEffect, useState } from 'preact/hooks'
import type { Webhook } from '../../api/api.ts'
import { count } from '../../format.ts'
import { optionsOf, type Scope } from '../../session/scope.ts'
import { Banner, ProblemBanner } from '../../ui/banner.tsx'
import { ConfirmButton } from '../../ui/confirm.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Card } from '../../ui/page.tsx'
import { usePoll } from '../../ui/use-poll.ts'
import { DeadLetterList } from './dead-letter-list.tsx'
import { type Actions, useReplay } from './use-replay.ts'

const NONE: ReadonlySet<string> = new Set()

/** What a webhook did not take, a page at a time, and what can be done with it. */
export function DeadLetters({
  scope,
  webhook,
  everyMs,
  onReplaying,
  onChange,
}: {
  readonly scope: Scope
  readonly webhook: Webhook
  readonly everyMs: number
  readonly onReplaying: (isReplaying: boolean) => void
  readonly onChange: () => void
}) {
  /** Cursors of the pages up to the one shown; there are at most 10,000 dead letters. */
  const [pages, setPages] = useState<readonly string[]>([])
  const [chosen, setChosen] = useState(NONE)
  const cursor = pages.at(-1)
  const { data, problem, refresh } = usePoll(
    `dead letters ${cursor ?? ''}`,
    (signal) => scope.session.api.deadLetters(webhook.id, cursor, optionsOf(scope, signal)),
    { intervalMs: everyMs, onProblem: scope.onProblem },
  )
  const changed = (): void => {
    refresh()
    onChange()
  }
  const actions = useReplay({ scope, webhook, onReplaying, onChange: changed })
  const turn = (to: readonly string[]): void => {
    setPages(to)
    setChosen(NONE)
  }
  const letters = data?.deadLetters ?? []
  // What was on this page has been taken or dropped.
  const isOver = data !== undefined && letters.length === 0 && pages.length > 0
  useEffect(() => {
    if (isOver) turn([])
  }, [isOver])
  const ids = letters.map(({ event }) => event.id).filter((id) => chosen.has(id))
  return (
    <Card
      title="Dead letters"
      actions={
        webhook.deadLetters > 0 && <ForAll count={webhook.deadLetters} chosen={ids} actions={actions} />
      }
    >
      <div class="hook-said" aria-live="polite">
        {actions.said !== undefined && (
          <Banner tone={actions.said.tone} title={actions.said.title}>
            {actions.said.detail}
          </Banner>
        )}
        <ProblemBanner problem={actions.problem ?? problem} />
      </div>
      {data === undefined && problem === undefined && <p class="quiet">Asking …</p>}
      {data !== undefined && letters.length === 0 && (
        <Empty title="None">
          What a receiver has not taken for a day comes here, and stays until it is sent again or dropped.
        </Empty>
      )}
      {letters.length > 0 && (
        <DeadLetterList
          letters={letters}
          chosen={chosen}
          isBusy={actions.isBusy}
          onChoose={setChosen}
          onReplay={(id) => actions.replay([id])}
        />
      )}
      <Pages
        isFirst={pages.length === 0}
        nextCursor={data?.nextCursor}
        onOlder={() => turn(pages.slice(0, -1))}
        onNewer={(next) => turn([...pages, next])}
      />
    </Card>
  )
}

/** What can be done with several at once. */
function ForAll({
  count: deadLetters,
  chosen,
  actions: { isBusy, replay, drop },
}: {
  readonly count: number
  /** Ids of events. */
  readonly chosen: readonly string[]
  readonly actions: Actions
}) {
  return (
    <>
      {chosen.length > 0 && (
        <button type="button" class="button" disabled={isBusy} onClick={() => replay(chosen)}>
          Replay {count(chosen.length)} selected
        </button>
      )}
      <button type="button" class="button" disabled={isBusy} onClick={() => replay(undefined)}>
        Replay all
      </button>
      <ConfirmButton question={`Drop all ${count(deadLetters)} for good`} disabled={isBusy} onConfirm={drop}>
        Drop all
      </ConfirmButton>
    </>
  )
}

function Pages({
  isFirst,
  nextCursor,
  onOlder,
  onNewer,
}: {
  readonly isFirst: boolean
  readonly nextCursor: string | undefined
  readonly onOlder: () => void
  readonly onNewer: (nextCursor: string) => void
}) {
  if (isFirst && nextCursor === undefined) return null
  return (
    <nav class="hook-pages" aria-label="Pages of dead letters">
      {/* Not `disabled`, which would take the focus away. */}
      <button
        type="button"
        class="button button-small"
        aria-disabled={isFirst}
        onClick={() => isFirst || onOlder()}
      >
        Older
      </button>
      <button
        type="button"
        class="button button-small"
        aria-disabled={nextCursor === undefined}
        onClick={() => nextCursor !== undefined && onNewer(nextCursor)}
      >
        Newer
      </button>
    </nav>
  )
}
