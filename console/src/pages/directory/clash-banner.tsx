import { Banner } from '../../ui/banner.tsx'
import { Time } from '../../ui/time.tsx'
import type { Difference } from './meanwhile.ts'
import type { Clash } from './use-editing.ts'

/** Says who was first, and what is different now; nothing that was written here is lost. */
export function ClashBanner({
  clash: { by, differences },
  onTake,
}: {
  readonly clash: Clash
  /** Has the form take over what somebody else wrote. */
  readonly onTake: (difference: Difference) => void
}) {
  const who = by === undefined ? 'Somebody' : by.callerId
  if (differences === undefined)
    return (
      <Banner tone="danger" title={`${who} has removed it meanwhile`}>
        <When by={by} />
        Nothing of yours was saved; what you wrote stays here until you leave the page.
      </Banner>
    )
  return (
    <Banner tone="warning" title={`${who} has changed it meanwhile`}>
      <When by={by} />
      Nothing of yours was saved yet. Look, then do it again.
      {differences.length > 0 && (
        <ul class="differences">
          {differences.map((difference) => (
            <DifferenceLine key={difference.name} difference={difference} onTake={onTake} />
          ))}
        </ul>
      )}
    </Banner>
  )
}

function When({ by }: Pick<Clash, 'by'>) {
  if (by === undefined) return null
  return (
    <>
      That was <Time at={by.at} relative />.{' '}
    </>
  )
}

function DifferenceLine({
  difference,
  onTake,
}: {
  readonly difference: Difference
  readonly onTake: (difference: Difference) => void
}) {
  const { label, before, now, mine } = difference
  return (
    <li>
      {label}: it was <Value text={before} />, and is <Value text={now} /> now.{' '}
      {mine !== undefined && (
        <>
          You wrote <Value text={mine} />, which is kept.{' '}
          <button type="button" class="button button-small" onClick={() => onTake(difference)}>
            Take theirs
          </button>
        </>
      )}
    </li>
  )
}

function Value({ text }: { readonly text: string }) {
  return text === '' ? <em>nothing</em> : <code class="difference-value">{text}</code>
}
