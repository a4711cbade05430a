import { isLifecycleEventType, LIFECYCLE_EVENTS, type LifecycleEvent } from '@rollcall/protocol/lifecycle'
import type { Clock } from '../../../server/src/clock/clock.ts'
import type { WebhooksOptions } from '../../../server/src/webhooks/webhooks.ts'
import type { ProcessClock } from '../../helpers/process-clock.ts'
import type { Recorder } from '../../history/recorder.ts'
import type { Dice } from '../dice.ts'
import { WAKE_WEBHOOK } from './wake-receiver.ts'

const ORGANIZATIONS = ['acme', 'globex']
const TYPES = Object.keys(LIFECYCLE_EVENTS).filter(isLifecycleEventType)
const SLOWEST_MS = 800

type Receiver = ReturnType<NonNullable<WebhooksOptions['openReceiver']>>

/** The receivers of two organizations' webhooks: slow, refusing, and with answers that are lost. What they get is written down. */
export class HookReceivers {
  static readonly described = ORGANIZATIONS.map((id) => ({ name: `${id}/all`, types: TYPES }))
  readonly #clock: Clock
  readonly #dice: Dice
  readonly #recorder: Recorder
  /** From now on every message is taken at once. */
  isKind = false
  received = 0

  constructor(clock: Clock, dice: Dice, recorder: Recorder) {
    this.#clock = clock
    this.#dice = dice
    this.#recorder = recorder
  }

  get directory(): WebhooksOptions['auth'] {
    const organizations = new Map(
      ORGANIZATIONS.map((id) => [
        id,
        { id, name: id, webhooks: [webhookOf(id), wakingOf(id)], send: [], senderId: false },
      ]),
    )
    return { organizations: () => organizations, onDirectoryReloaded: () => undefined }
  }

  receiverFor(process: ProcessClock): Receiver {
    return {
      post: (url, { body }, signal) => process.hear(this.#post(new URL(url).hostname, body, signal)),
      close: () => undefined,
    }
  }

  async #post(organizationId: string, body: Buffer, signal: AbortSignal): Promise<string | undefined> {
    const fate = this.isKind ? 9 : this.#dice.roll(10)
    const waitMs = this.#dice.roll(this.isKind ? 10 : SLOWEST_MS)
    await new Promise<void>((resolve) => void this.#clock.after(waitMs, resolve))
    if (signal.aborted || fate < 2) return 'status_503'
    for (const event of JSON.parse(body.toString()).events) this.#take(organizationId, event)
    return fate < 3 ? 'timeout' : undefined
  }

  #take(organizationId: string, event: LifecycleEvent): void {
    const { type, sequence, userId } = event
    const {
      userEndpointId,
      reason,
      eventId,
    }: { userEndpointId?: string; reason?: string; eventId?: string } = event
    this.received++
    const endpoint = `${event.organizationId}/${userId}/${userEndpointId ?? ''}`
    this.#recorder.add({
      ...{ kind: 'told', webhook: `${organizationId}/all`, type, sequence, endpoint },
      ...(reason === undefined ? {} : { reason }),
      ...(eventId === undefined ? {} : { eventId }),
    })
  }
}

/** What wakes phones: it is told of no lifecycle event. */
function wakingOf(id: string) {
  return { ...webhookOf(id), id: WAKE_WEBHOOK, events: new Set<never>(), wakeUps: true }
}

function webhookOf(id: string) {
  const secrets = [Buffer.alloc(24, 7)]
  return { id: 'all', url: `https://${id}/`, secrets, events: new Set(TYPES), enabled: true }
}
