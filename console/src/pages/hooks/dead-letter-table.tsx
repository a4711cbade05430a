import { useState } from 'preact/hooks'
import type { DeadLetter } from '../../api/api.ts'
import { href } from '../../routes.ts'
import { JsonView } from '../../ui/json-view.tsx'
import { Time } from '../../ui/time.tsx'
import { failureInWords } from './health.ts'

/** Dead letters to read, choose from and send again. */
export function DeadLetterTable({
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
    <div class="table-wrap">
      <table class="letters">
        <thead>
          <tr>
            <th>
              <input
                type="checkbox"
                aria-label="Select all on this page"
                checked={isAll}
                indeterminate={chosenHere > 0 && !isAll}
                onChange={() => onChoose(new Set(isAll ? [] : ids))}
              />
            </th>
            <th>Event</th>
            <th>Device</th>
            <th>Happened</th>
            <th>Given up</th>
            <th>
              <span class="visually-hidden">Replay</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {letters.map((letter) => (
            <Row
              key={letter.event.id}
              letter={letter}
              isChosen={chosen.has(letter.event.id)}
              isBusy={isBusy}
              onToggle={() => onChoose(toggled(chosen, letter.event.id))}
              onReplay={() => onReplay(letter.event.id)}
            />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({
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
    <>
      <tr class={isOpen ? 'letter-open' : ''}>
        <td>
          <input type="checkbox" aria-label={`Select ${type} ${id}`} checked={isChosen} onChange={onToggle} />
        </td>
        <td>
          <button
            type="button"
            class="letter-toggle"
            aria-expanded={isOpen}
            onClick={() => setIsOpen(!isOpen)}
          >
            {type}
          </button>
        </td>
        <td>
          <a href={href(['people', userId])}>{userId}</a>
          <span class="letter-more">{userEndpointId}</span>
        </td>
        <td class="letter-when">
          <Time at={timestamp} />
        </td>
        <td class="letter-when">
          <Time at={failedAt} />
          <span class="letter-more">it {failureInWords(failure)}</span>
        </td>
        <td>
          <button
            type="button"
            class="button button-small"
            aria-label={`Replay ${type} ${id}`}
            disabled={isBusy}
            onClick={onReplay}
          >
            Replay
          </button>
        </td>
      </tr>
      {isOpen && (
        <tr>
          <td />
          <td colSpan={5}>
            <JsonView value={event} label={`${type} ${id}`} />
          </td>
        </tr>
      )}
    </>
  )
}

function toggled(chosen: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(chosen)
  if (!next.delete(id)) next.add(id)
  return next
}
