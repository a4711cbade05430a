import { useState } from 'preact/hooks'
import type { DeadLetter } from '../../api/api.ts'
import { href } from '../../routes.ts'
import { JsonView } from '../../ui/json-view.tsx'
import { Time } from '../../ui/time.tsx'
import { failureInWords } from './health.ts'

/** Dead letters to read, choose from and send again. */
export function DeadLetterList({
  letters,
  chosen,
  isBusy,
  onChoose,
  onReplay,
}: {
  readonly letters: readonly DeadLetter[]
  /** Ids of events. */
  readonly chosen: ReadonlySet<string>
  readonly isBusy: boolean
  readonly onChoose: (chosen: ReadonlySet<string>) => void
  readonly onReplay: (eventId: string) => void
}) {
  const ids = letters.map(({ event }) => event.id)
  const chosenHere = ids.filter((id) => chosen.has(id)).length
  const isAll = chosenHere === ids.length
  return (
    <>
      <label class="letters-all">
        <input
          type="checkbox"
          checked={isAll}
          indeterminate={chosenHere > 0 && !isAll}
          onChange={() => onChoose(new Set(isAll ? [] : ids))}
        />
        Select all on this page
      </label>
      <ul class="letters" aria-label="Dead letters, oldest first">
        {letters.map((letter) => (
          <Letter
            key={letter.event.id}
            letter={letter}
            isChosen={chosen.has(letter.event.id)}
            isBusy={isBusy}
            onToggle={() => onChoose(toggled(chosen, letter.event.id))}
            onReplay={() => onReplay(letter.event.id)}
          />
        ))}
      </ul>
    </>
  )
}

function Letter({
  letter: { event, failure, failedAt },
  isChosen,
  isBusy,
  onToggle,
  onReplay,
}: {
  readonly letter: DeadLetter
  readonly isChosen: boolean
  readonly isBusy: boolean
  readonly onToggle: () => void
  readonly onReplay: () => void
}) {
  const [isOpen, setIsOpen] = useState(false)
  const { id, type, timestamp, userId, userEndpointId } = event
  return (
    <li class="letter">
      <input type="checkbox" aria-label={`Select ${type} ${id}`} checked={isChosen} onChange={onToggle} />
      <div class="letter-what">
        <button type="button" class="letter-toggle" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
          {type}
        </button>
        <span class="letter-more">
          happened <Time at={timestamp} />
        </span>
      </div>
      <div class="letter-who">
        <a href={href(['people', userId])}>{userId}</a>
        <span class="letter-more">{userEndpointId}</span>
      </div>
      <div class="letter-why">
        <span>it {failureInWords(failure)}</span>
        <span class="letter-more">
          given up <Time at={failedAt} />
        </span>
      </div>
      <button
        type="button"
        class="button button-small"
        aria-label={`Replay ${type} ${id}`}
        disabled={isBusy}
        onClick={onReplay}
      >
        Replay
      </button>
      {isOpen && <JsonView value={event} label={`${type} ${id}`} />}
    </li>
  )
}

function toggled(chosen: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(chosen)
  if (!next.delete(id)) next.add(id)
  return next
}
