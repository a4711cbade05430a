import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { href } from '../../routes.ts'
import type { Scope } from '../../session/scope.ts'
import { Banner } from '../../ui/banner.tsx'
import { TextArea } from '../../ui/field.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { go } from '../../ui/use-route.ts'
import { Content } from './content.tsx'
import { Delivery } from './delivery.tsx'
import type { Order, Press, SendDesk } from './desk.ts'
import { NEW_FORM, type SendForm } from './form.ts'
import type { FormPart } from './form-part.ts'
import { maskLines } from './masks.ts'
import { eventOf, type Faults, faultsOf } from './message.ts'
import { OutcomeBanner, Progress } from './outcome.tsx'
import { PreviewCards } from './preview.tsx'
import { Recipient } from './recipient.tsx'
import { useDesk } from './use-desk.ts'
import { usePreview } from './use-preview.ts'

const STAND_IN = { type: NEW_FORM.type, timestamp: '2026-01-01T00:00:00Z' }

/** Composes an event, shows what the device will get and what will be kept, sends it, and says what came of it. */
export function SendPage({
  desk,
  userId,
  userEndpointId,
  ...scope
}: Scope & {
  readonly desk: SendDesk
  readonly userId: string | undefined
  readonly userEndpointId: string | undefined
}) {
  useEffect(() => {
    if (userId !== undefined) desk.edit({ userId, userEndpointId: userEndpointId ?? '' })
  }, [desk, userId, userEndpointId])
  const { form, sending, outcome } = useDesk(desk)
  const faults = faultsOf(form)
  const masks = maskLines(form.masks)
  const { type, timing, timestamp, attributes } = form
  // Made anew with the event only, so that the time of a preview does not run.
  const event = useMemo(
    () => (isEventRight(faults) ? eventOf(form, Date.now()) : undefined),
    [type, timing, timestamp, attributes],
  )
  // Masks can be wrong by themselves.
  const preview = usePreview(scope, event ?? STAND_IN, masks)
  const told = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (sending !== undefined) told.current?.scrollIntoView({ block: 'nearest' })
  }, [sending])
  const needsOrganization = scope.organizationId === undefined
  const send = (order: Order, press: Press): void => {
    void desk.send(order, press, scope.onProblem)
  }
  const edit = (changes: Partial<SendForm>): void => {
    desk.edit(changes)
    // Who writes to somebody else has left the link that led here: coming back must not bring its recipient back.
    const isElsewhere = changes.userId !== undefined || changes.userEndpointId !== undefined
    if (isElsewhere && userId !== undefined) go(href(['send']), 'replace')
  }
  return (
    <Page title="Send" lead="One event to somebody’s devices.">
      {needsOrganization && (
        <Banner tone="info" title="Which organization?">
          Name it at the top of the page: an event goes to somebody of one.
        </Banner>
      )}
      <div class="send">
        <Composer
          scope={scope}
          form={form}
          faults={faults}
          onEdit={edit}
          maskFault={preview.fault}
          isReady={!needsOrganization && sending === undefined}
          onSend={() => send({ form, organizationId: scope.organizationId }, 'send')}
        />
        <div class="stack send-side">
          {(sending ?? outcome) !== undefined && (
            <div ref={told} class="stack told">
              {sending !== undefined && <Progress sending={sending} onStop={() => desk.stop()} />}
              {outcome !== undefined && (
                <OutcomeBanner outcome={outcome} onAgain={() => send(outcome.order, 'again')} />
              )}
            </div>
          )}
          <PreviewCards event={event} hasMasks={masks.length > 0} preview={preview} />
        </div>
      </div>
    </Page>
  )
}

function Composer({
  scope,
  form,
  faults,
  maskFault,
  isReady,
  onEdit,
  onSend,
}: FormPart & {
  readonly scope: Scope
  readonly maskFault: string | undefined
  readonly isReady: boolean
  readonly onSend: () => void
}) {
  const [isTried, setIsTried] = useState(false)
  const element = useRef<HTMLFormElement>(null)
  // An empty field is no mistake before somebody wants to send.
  const shown: Faults = new Map([...faults].filter(([name]) => isTried || form[name] !== ''))
  const submit = (): void => {
    setIsTried(true)
    if (faults.size === 0 && maskFault === undefined) onSend()
    else setTimeout(() => focusFault(element.current))
  }
  return (
    <form
      ref={element}
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <Card>
        <div class="stack">
          <Recipient form={form} faults={shown} onEdit={onEdit} scope={scope} />
          <Content form={form} faults={shown} onEdit={onEdit} />
          <TextArea
            label="Masks"
            hint="JsonPaths of what must not be kept, one a line: $.caller"
            rows={3}
            value={form.masks}
            error={maskFault}
            onInput={({ currentTarget }) => onEdit({ masks: currentTarget.value })}
          />
          <Delivery form={form} faults={shown} onEdit={onEdit} />
          <button type="submit" class="button button-primary" disabled={!isReady}>
            Send
          </button>
        </div>
      </Card>
    </form>
  )
}

/** Brings whoever pressed Send to the first field that keeps it from being sent. */
function focusFault(form: HTMLFormElement | null): void {
  const bad = form?.querySelector<HTMLElement>('[aria-invalid="true"]')
  bad?.focus()
}

function isEventRight(faults: Faults): boolean {
  return !faults.has('type') && !faults.has('timestamp') && !faults.has('attributes')
}
