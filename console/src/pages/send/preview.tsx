import type { EventDraft } from '../../api/api.ts'
import { JsonView } from '../../ui/json-view.tsx'
import { Card } from '../../ui/page.tsx'
import type { Preview } from './use-preview.ts'

type Draft = {
  readonly event: EventDraft | undefined
  readonly hasMasks: boolean
  readonly preview: Preview
}

/** What the device gets, and what is kept. */
export function PreviewCards({ event, hasMasks, preview }: Draft) {
  return (
    <>
      <Card title="What the device gets">
        {event === undefined ? (
          <p class="quiet">Shown once the type, timestamp and attributes are right.</p>
        ) : (
          <>
            <JsonView value={event} label="What the device gets" />
            <p class="hint">And an id, which the server makes.</p>
          </>
        )}
      </Card>
      <Card title="What is kept">
        <Kept event={event} hasMasks={hasMasks} preview={preview} />
      </Card>
    </>
  )
}

function Kept({ event, hasMasks, preview }: Draft) {
  if (event === undefined) return <p class="quiet">Shown once there is an event.</p>
  if (!hasMasks) return <p class="quiet">The same: without masks, history and webhooks show all of it.</p>
  if (preview.fault !== undefined) return <p class="quiet">Nothing is sent while a mask is wrong.</p>
  if (preview.problem !== undefined) return <p class="quiet">{preview.problem}</p>
  if (preview.event === undefined) return <p class="quiet">Asking …</p>
  return (
    <>
      <JsonView value={preview.event} label="What is kept" />
      <p class="hint">In the history, here, and wherever else it is shown. The device gets it in clear.</p>
    </>
  )
}
