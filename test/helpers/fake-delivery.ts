import { RollcallError } from '@rollcall/protocol/error-code'
import type { Principal } from '../../server/src/auth/auth.ts'
import type {
  AnswerCommand,
  Attachment,
  BulkItem,
  Census,
  Link,
  ReceiptWait,
  SendEventCommand,
  SendResult,
} from '../../server/src/delivery/delivery.ts'
import type { EndpointKey, Registration, Sighting, UserKey } from '../../server/src/store/store.ts'

/** Keeps what it was told to send; `failure` makes it fail. */
export class FakeDelivery {
  readonly sent: { readonly caller: string; readonly command: SendEventCommand; readonly key?: string }[] = []
  failure: Error | undefined
  count = 1

  async sendEvent(
    caller: Principal,
    command: SendEventCommand,
    key?: string,
  ): Promise<{ count: number; eventId: string }> {
    if (this.failure !== undefined) throw this.failure
    this.sent.push({ caller: caller.userId, command, ...(key === undefined ? {} : { key }) })
    return { count: this.count, eventId: command.event.id ?? '0190d9b2-6a8e-7cc1-9d0f-3a1f0c5b7e42' }
  }

  /** Seconds of each request that waited, and what their senders learn. */
  readonly waits: number[] = []
  receipts: SendResult['receipts']
  /** Resolves once whoever waits is to be answered; where it is not set, at once. */
  answerAt: ((gone: AbortSignal) => Promise<void>) | undefined

  async sendEventAndWait(
    caller: Principal,
    command: SendEventCommand,
    key: string | undefined,
    { waitMs, gone }: ReceiptWait,
  ): Promise<SendResult> {
    const result = await this.sendEvent(caller, command, key)
    this.waits.push(waitMs / 1000)
    await this.answerAt?.(gone)
    return this.receipts === undefined ? result : { ...result, receipts: this.receipts }
  }

  sendEvents(caller: Principal, group: readonly BulkItem[]): Promise<PromiseSettledResult<SendResult>[]> {
    return Promise.allSettled(
      group.map((item) =>
        item instanceof RollcallError ? Promise.reject(item) : this.sendEvent(caller, item),
      ),
    )
  }

  readonly answers: { readonly user: UserKey; readonly command: AnswerCommand }[] = []

  async answer(user: UserKey, command: AnswerCommand): Promise<void> {
    if (this.failure !== undefined) throw this.failure
    this.answers.push({ user, command })
  }

  readonly acknowledged: { readonly endpoint: EndpointKey; readonly ids: readonly string[] }[] = []

  async acknowledge({ registration }: Sighting<'link'>, ids: readonly string[]): Promise<number> {
    if (this.failure !== undefined) throw this.failure
    this.acknowledged.push({ endpoint: registration, ids })
    return this.attached.get(registration.userEndpointId)?.acknowledge?.(ids) ?? 0
  }

  /** The link of each endpoint, by its id; and what was told about it, in order. */
  readonly attached = new Map<string, Link>()
  readonly told: string[] = []

  /** What the store says of the next link. */
  onAttach = async (): Promise<boolean> => true

  attach({ userEndpointId }: Registration, link: Link): Attachment {
    this.attached.get(userEndpointId)?.close('taken_over')
    this.attached.set(userEndpointId, link)
    return {
      attached: this.onAttach(),
      start: () => void this.told.push('start'),
      resume: () => void this.told.push('resume'),
      detach: (reason) => {
        this.told.push(`detach ${reason}`)
        if (this.attached.get(userEndpointId) === link) this.attached.delete(userEndpointId)
      },
    }
  }

  previewMasks(): Buffer {
    throw new Error('tested with the real delivery')
  }

  /** Of each organization. */
  readonly links = new Map<string | undefined, number>()

  connected(organizationId: string | undefined): number {
    return this.links.get(organizationId) ?? 0
  }

  async census(organizationId: string | undefined): Promise<Census> {
    const connected = this.links.get(organizationId) ?? 0
    return { connected, mailboxEvents: connected * 2, mailboxBytes: connected * 3 }
  }
}
