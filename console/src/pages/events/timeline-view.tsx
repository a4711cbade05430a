import type { HistoryOutcome, HistoryRecord } from '@rollcall/client'
import { useState } from 'preact/hooks'
import { count } from '../../format.ts'
import { discardWords } from '../../outcome/discard-words.ts'
import { isFinal, tallyOf, wordsFor } from '../../outcome/outcome.ts'
import { reasonOf } from '../../outcome/reason.ts'
import { after } from '../../outcome/summary.ts'
import { Badge } from '../../ui/badge.tsx'
import { SelectField } from '../../ui/field.tsx'
import { partOf } from '../../ui/parts.ts'
import { useNow } from '../../ui/time.tsx'
import { Turner } from '../../ui/turner.tsx'
import { type Axis, axisOf, type Lane, lanesOf, type Step } from './timeline.ts'

/** Marks of the axis that have room on a phone. */
const MARKS_ROOM = 6

/** Lanes shown at once. */
const LANES_MAX = 25

/** An event's life at each endpoint, drawn on one axis and told in words. */
export function Timeline({ record }: { readonly record: HistoryRecord }) {
  const nowMs = useNow(isFinal(record) ? 0 : 1_000)
  const [shown, setShown] = useState<HistoryOutcome | ''>('')
  const [page, setPage] = useState(0)
  const endpoints = record.endpoints.filter(({ outcome }) => shown === '' || outcome === shown)
  const part = partOf(endpoints.length, LANES_MAX, page)
  const lanes = lanesOf({ ...record, endpoints: endpoints.slice(part.from, part.to) })
  const axis = axisOf(lanes, nowMs - Date.parse(record.acceptedAt))
  return (
    <div class="timeline">
      {record.endpoints.length > LANES_MAX && (
        <WhichLanes
          record={record}
          value={shown}
          onChange={(next) => {
            setShown(next)
            setPage(0)
          }}
        />
      )}
      <AxisLine axis={axis} />
      <ol class="lanes">
        {lanes.map((lane) => (
          <LaneRow key={lane.endpoint.userEndpointId} lane={lane} axis={axis} record={record} />
        ))}
      </ol>
      <Turner label="Pages of devices" part={part} of={endpoints.length} onTurn={setPage} />
    </div>
  )
}

/** Where there are many, one looks for those of one outcome. */
function WhichLanes({
  record,
  value,
  onChange,
}: {
  readonly record: HistoryRecord
  readonly value: HistoryOutcome | ''
  readonly onChange: (outcome: HistoryOutcome | '') => void
}) {
  const tally = tallyOf(record)
  const options = [
    ['', `all ${count(record.endpoints.length)} devices`] as const,
    ...tally.map(
      ([outcome, number]) => [outcome, `${count(number)} ${wordsFor(outcome, record.qos).text}`] as const,
    ),
  ]
  return (
    <div class="lanes-which">
      <SelectField
        label="Show"
        name="outcome"
        options={options}
        value={value}
        onChange={({ currentTarget }) =>
          onChange(tally.find(([outcome]) => outcome === currentTarget.value)?.[0] ?? '')
        }
      />
    </div>
  )
}

function AxisLine({ axis }: { readonly axis: Axis }) {
  return (
    <div class={`lane axis${axis.marks.length > MARKS_ROOM ? ' axis-crowded' : ''}`} aria-hidden="true">
      <span class="quiet small">Since it was accepted</span>
      <div class="axis-marks">
        {axis.marks.map(({ text, place }) => (
          <span key={text} style={{ left: percent(place) }}>
            {text}
          </span>
        ))}
      </div>
    </div>
  )
}

function LaneRow({
  lane,
  axis,
  record,
}: {
  readonly lane: Lane
  readonly axis: Axis
  readonly record: HistoryRecord
}) {
  const { endpoint, steps } = lane
  const { text, tone } = wordsFor(endpoint.outcome, record.qos)
  const why = discardWords(endpoint.discardReason)
  const reason = reasonOf(record, endpoint)
  return (
    <li class="lane">
      <div class="lane-who">
        <code>
          <bdi>{endpoint.userEndpointId}</bdi>
        </code>
        <Badge tone={why?.isHarmless ? 'neutral' : tone}>{why?.text ?? text}</Badge>
      </div>
      <div class="lane-life">
        <Track lane={lane} axis={axis} />
        <ol class="steps">
          <li>accepted</li>
          {steps.map((step) => (
            <li key={step.text} title={step.at}>
              {step.text} <span class="number">{step.ms === 0 ? 'at once' : after(step.ms)}</span>
            </li>
          ))}
        </ol>
        {reason !== undefined && <p class="reason">{reason}</p>}
      </div>
    </li>
  )
}

/** The drawing; the words beside it say the same. */
function Track({ lane: { steps, isOpen }, axis }: { readonly lane: Lane; readonly axis: Axis }) {
  const places = steps.map((step) => ({ step, place: axis.placeOf(step.ms) }))
  return (
    <div class="track" aria-hidden="true">
      {axis.marks.map(({ text, place }) => (
        <i key={text} class="track-mark" style={{ left: percent(place) }} />
      ))}
      {places.map(({ step, place }, index) => {
        const from = places[index - 1]?.place ?? 0
        return <Stretch key={step.text} from={from} to={place} kind={places[index - 1]?.step.kind} />
      })}
      {isOpen && <Stretch from={places.at(-1)?.place ?? 0} to={1} kind="open" />}
      <i class="dot dot-accepted" style={{ left: '0%' }} />
      {places.map(({ step, place }) => (
        <i
          key={step.text}
          class={`dot dot-${step.kind}`}
          style={{ left: percent(place) }}
          title={`${step.text}: ${after(step.ms)}`}
        />
      ))}
    </div>
  )
}

function Stretch({
  from,
  to,
  kind = 'accepted',
}: {
  readonly from: number
  readonly to: number
  readonly kind?: Step['kind'] | 'accepted' | 'open' | undefined
}) {
  return <i class={`stretch stretch-${kind}`} style={{ left: percent(from), width: percent(to - from) }} />
}

function percent(place: number): string {
  return `${(place * 100).toFixed(2)}%`
}
