import { useState } from 'preact/hooks'
import type { UserEndpointInSight } from '../../api/api.ts'
import { Empty } from '../../ui/empty.tsx'
import { Card } from '../../ui/page.tsx'
import { partOf } from '../../ui/parts.ts'
import { Segments } from '../../ui/segments.tsx'
import { Turner } from '../../ui/turner.tsx'
import { Device } from './device.tsx'
import { type DevicesShown, wantedDevices } from './wanted-devices.ts'

/** Shown at once. Who has more looks for one, or turns the pages: a page stays small whatever somebody has. */
const SHOWN_MAX = 24

const SHOWN = [
  ['all', 'All'],
  ['connected', 'Connected'],
  ['away', 'Away'],
] as const satisfies readonly (readonly [DevicesShown, string])[]

/** Somebody's devices. */
export function Devices({
  userId,
  endpoints,
  onKick,
}: {
  readonly userId: string
  readonly endpoints: readonly UserEndpointInSight[]
  readonly onKick: (endpointId: string) => void
}) {
  const [text, setText] = useState('')
  const [shown, setShown] = useState<DevicesShown>('all')
  const [page, setPage] = useState(0)
  const isNarrowed = text !== '' || shown !== 'all'
  const wanted = wantedDevices(endpoints, { text, shown })
  const part = partOf(wanted.length, SHOWN_MAX, page)
  if (endpoints.length === 0) return null
  return (
    <section class="devices-part" aria-label="Devices">
      {(endpoints.length > SHOWN_MAX || isNarrowed) && (
        <div class="devices-find">
          <input
            type="search"
            aria-label="Device id"
            placeholder="Device id, or a part of it"
            autocomplete="off"
            spellcheck={false}
            value={text}
            onInput={({ currentTarget }) => {
              setText(currentTarget.value.trim())
              setPage(0)
            }}
          />
          <Segments
            legend="Which devices"
            name="devices"
            options={SHOWN}
            value={shown}
            onChange={(next) => {
              setShown(next)
              setPage(0)
            }}
          />
        </div>
      )}
      {wanted.length === 0 && (
        <Card>
          <Empty title="No such device">None of their devices is like that now.</Empty>
        </Card>
      )}
      <div class="devices">
        {wanted.slice(part.from, part.to).map((endpoint) => (
          <Device key={endpoint.id} userId={userId} endpoint={endpoint} onKick={() => onKick(endpoint.id)} />
        ))}
      </div>
      <Turner label="Pages of devices" part={part} of={wanted.length} onTurn={setPage} />
    </section>
  )
}
