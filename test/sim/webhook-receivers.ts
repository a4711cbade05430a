import { isLifecycleEventType, LIFECYCLE_EVENTS, type LifecycleEvent } from '@rollcall/protocol/lifecycle'
import type { Clock, Random } from '../../server/src/clock/clock.ts'
import type { Log } from '../../server/src/observe/observe.ts'
import type { EndpointKey, Store } from '../../server/src/store/store.ts'
import { createWebhooks, type Webhooks } from '../../server/src/webhooks/webhooks.ts'
import type { Dice } from './dice.ts'
import { Violation } from './ledger.ts'

export const EVENTS = new Set(Object.keys(LIFECYCLE_EVENTS).filter(isLifecycleEventType))
const SLOWEST_MS = 3000

const SILENT: Log = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
  child: () => SILENT,
}

type Surroundings = {
  readonly clock: Clock
  readonly random: Random
  readonly dice: Dice
  fail(error: unknown): void
  /** A receiver got an event. */
  onTold(webhook: string, event: LifecycleEvent): void
}

/**
 * The receivers of two organizations' webhooks, on bad networks: they are slow, refuse, and take messages whose
 * answer is lost. What they are promised:
 * - only what happened in their own organization;
 * - of one endpoint what is new comes in the order of its sequence, however often older things are repeated;
 * - every registration and unregistration that was answered is told.
 */
export class WebhookReceivers {
  readonly #around: Surroundings
  /** Highest sequence so far, by endpoint. */
  readonly #newest = new Map<string, number>()
  /** How many different ones came, by endpoint and type. */
  readonly #came = new Map<string, Set<number>>()
  readonly #owed = new Map<string, number>()
  received = 0
  /** From now on every message is taken at once. */
  isKind = false

  constructor(around: Surroundings) {
    this.#around = around
  }

  /** The real room, on the store of one process's life. */
  open(store: Pick<Store, 'feed' | 'webhooks' | 'deadLetters' | 'serviceTime'>): Webhooks {
    const { clock, random } = this.#around
    const directory = new Map(
      ['acme', 'globex'].map((id) => [
        id,
        { id, name: id, webhooks: [webhookOf(id)], send: [], senderId: false },
      ]),
    )
    return createWebhooks({
      store,
      auth: { organizations: () => directory, onDirectoryReloaded: () => undefined },
      clock,
      random,
      log: SILENT,
      metrics: { webhookAttempt: () => undefined, webhookEvents: () => undefined },
      settings: { webhookRetryHours: 720, webhookPrivateAddresses: [] },
      openReceiver: () => ({
        post: (url, { body }, signal) => this.#post(new URL(url).hostname, body, signal),
        close: () => undefined,
      }),
    })
  }

  /** The server has answered: it must be told sooner or later. */
  owe(type: LifecycleEvent['type'], endpoint: EndpointKey): void {
    const name = `${type} ${nameOf(endpoint)}`
    this.#owed.set(name, (this.#owed.get(name) ?? 0) + 1)
  }

  /** At the end, when there was time enough. */
  settleUp(): void {
    for (const [name, count] of this.#owed) {
      const came = this.#came.get(name)?.size ?? 0
      if (came < count) throw new Violation(`a webhook was told of ${came} of ${count} times ${name}`)
    }
  }

  async #post(organizationId: string, body: Buffer, signal: AbortSignal): Promise<string | undefined> {
    const { clock, dice, fail } = this.#around
    const fate = this.isKind ? 9 : dice.roll(10)
    if (!this.isKind && dice.chance(20)) await clock.sleep(dice.roll(SLOWEST_MS))
    if (signal.aborted || fate < 2) return 'status_503'
    try {
      for (const event of JSON.parse(body.toString()).events) this.#receive(organizationId, event)
    } catch (error) {
      fail(error)
    }
    return fate < 4 ? 'timeout' : undefined
  }

  #receive(organizationId: string, event: LifecycleEvent): void {
    const name = nameOf(event)
    this.#around.onTold(webhookNameOf(organizationId), event)
    if (event.organizationId !== organizationId) throw new Violation(`${organizationId} was told of ${name}`)
    this.received++
    const came = this.#came.get(`${event.type} ${name}`) ?? new Set()
    const isNew = !came.has(event.sequence)
    this.#came.set(`${event.type} ${name}`, came.add(event.sequence))
    if (isNew && event.sequence < (this.#newest.get(name) ?? 0))
      throw new Violation(
        `${organizationId} was told of ${name} out of order: ${event.type} ${event.sequence}`,
      )
    this.#newest.set(name, Math.max(event.sequence, this.#newest.get(name) ?? 0))
  }
}

/** As histories name it. */
export function webhookNameOf(organizationId: string): string {
  return `${organizationId}/all`
}

function webhookOf(organizationId: string) {
  const url = `https://${organizationId}/`
  return { id: 'all', url, secrets: [Buffer.alloc(24, 7)], events: EVENTS, enabled: true }
}

function nameOf({
  organizationId,
  userId,
  userEndpointId = '',
}: Partial<EndpointKey> & Pick<LifecycleEvent, 'organizationId' | 'userId'>): string {
  return `${organizationId}/${userId}/${userEndpointId}`
}
