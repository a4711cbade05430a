import type { Clock } from '../../clock/clock.ts'
import { type Cluster, Recent } from '../../cluster/cluster.ts'
import type { Log, Metrics } from '../../observe/observe.ts'
import type { MailboxEntry, Registration, RegistrationKey } from '../../store/store.ts'
import type { Links } from '../links/links.ts'
import type { Outbox } from '../links/outbox.ts'
import { reminderBytes } from '../links/reminder.ts'
import type { Receipts } from '../receipts.ts'
import { decode, type NodeMessage } from './messages.ts'

/** Messages of QoS 0 events that are known again. One that comes later than so many others is sent twice. */
const RECENT_MAX = 10_000

export type ArrivalsContext = {
  readonly cluster: Cluster
  readonly links: Links
  readonly receipts: Receipts
  readonly clock: Clock
  readonly newId: () => string
  readonly metrics: Pick<Metrics, 'reminderSent'>
  readonly log: Pick<Log, 'error'>
  /** The clear bytes of a stored event, `undefined` when its seal cannot be opened. */
  readonly open: (
    registration: RegistrationKey,
    entry: Pick<MailboxEntry, 'payload' | 'sealed' | 'eventId'>,
  ) => Uint8Array | undefined
}

/**
 * What other processes tell this one about its links and those who wait here. A message may come twice, late or never: it names
 * the link that it is for, an outbox sends nothing twice over one, and what was missed `Resync` finds.
 */
export class Arrivals {
  readonly #context: ArrivalsContext
  readonly #recent = new Recent(RECENT_MAX)

  constructor(context: ArrivalsContext) {
    this.#context = context
  }

  /** Before any link is attached. */
  start(): void {
    this.#context.cluster.router.receive('delivery', (message) => this.#receive(message))
  }

  #receive(bytes: Uint8Array): void {
    const message = decode(bytes)
    if (message === undefined) return
    try {
      this.#take(message)
    } catch (error) {
      // Others' messages are not to suffer.
      this.#context.log.error('a message of another process could not be carried out', {
        err: error instanceof Error ? error : undefined,
      })
    }
    if ('number' in message) this.#context.cluster.told.heard(message.part, message.number)
  }

  #take(message: NodeMessage): void {
    const { receipts, links } = this.#context
    if (message.kind === 'entry_over') receipts.entryEnded(message, message.isAcknowledged)
    else if (message.kind === 'answered') receipts.answered(message, message.userEndpointId)
    else {
      const outbox = links.find(message.registration)
      // One that is not there any more: whoever took its place has asked the store itself.
      if (outbox?.linkId === message.linkId) this.#takeAt(outbox, message)
    }
  }

  #takeAt(outbox: Outbox, message: Exclude<NodeMessage, { readonly kind: 'entry_over' | 'answered' }>): void {
    switch (message.kind) {
      case 'appended':
        this.#push(outbox, message)
        break
      case 'sent_once':
        this.#sendOnce(outbox, message)
        break
      case 'reminded':
        this.#remind(outbox, message)
        break
      case 'taken_over':
        outbox.detach('taken_over')
        outbox.link.close('taken_over')
        break
      case 'registration_over':
        outbox.link.close(message.how === 'expired' ? 'endpoint_expired' : 'endpoint_unregistered')
        break
    }
  }

  #sendOnce(outbox: Outbox, event: Extract<NodeMessage, { readonly kind: 'sent_once' }>): void {
    if (this.#recent.isKnown(event.messageId)) return
    const payload = this.#context.open(outbox.registration, event)
    if (payload !== undefined) outbox.sendNow(payload)
  }

  #push(outbox: Outbox, entry: Extract<NodeMessage, { readonly kind: 'appended' }>): void {
    const bytes = this.#context.open(outbox.registration, entry)
    const { eventId, mustBeClaimed } = entry
    // What cannot be opened is passed over in its turn.
    if (bytes === undefined) outbox.resume()
    else void outbox.push(entry, { eventId, bytes, acceptedAtMs: undefined, mustBeClaimed })
  }

  #remind(outbox: Outbox, period: Pick<Registration, 'keepAliveSeconds' | 'remainingMs'>): void {
    const { clock, newId, metrics } = this.#context
    const { keepAliveSeconds, remainingMs } = period
    const registration = { ...outbox.registration, keepAliveSeconds, remainingMs }
    if (outbox.sendNow(reminderBytes(registration, clock.wallMs(), newId())) === true) metrics.reminderSent()
  }
}
