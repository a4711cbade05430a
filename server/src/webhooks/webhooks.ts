import { RollcallError } from '@rollcall/protocol/error-code'
import type { Auth, Organization, Webhook } from '../auth/auth.ts'
import { type Clock, type Random, type ServiceTime, type Timer, uuidMaker } from '../clock/clock.ts'
import type { Log, Metrics } from '../observe/observe.ts'
import type { Store, UserKey, Watch, WebhookKey } from '../store/store.ts'
import { judgeAddresses } from './address.ts'
import type { Attempt } from './attempts.ts'
import { type Concerning, concerning } from './concerning.ts'
import { DeadLetterList, type DeadLetterView } from './dead-letter-list.ts'
import { HttpReceiver, type Receiver } from './post.ts'
import { createResolve } from './resolve.ts'
import { createWakeUps, type WakeUps, type WakeUpsOptions } from './wakeups/wake-ups.ts'
import { Worker, type WorkerContext, type WorkerState } from './worker.ts'

export type { Attempt } from './attempts.ts'
export type { DeadLetterView } from './dead-letter-list.ts'
export { makeVapidKeys } from './wakeups/vapid-keys.ts'
export type { WakeEvent } from './wakeups/wake-request.ts'
export type { WakeUps } from './wakeups/wake-ups.ts'

/** Time after which a store that did not hear what is to be kept is told again, milliseconds. */
const WATCH_RETRY_MS = 1_000
/** And when what another process has in its directory may be in nobody's any more. */
const FORGET_RETRY_MS = 900_000

/** A webhook as those see it who look after it; never its secret, and its URL without the query. */
export type WebhookView = Pick<Webhook, 'id' | 'url' | 'events' | 'enabled'> &
  WorkerState & {
    /** Events that it was not sent yet. */
    readonly pending: number
    readonly deadLetters: number
  }

/**
 * Tells organizations what happens to their endpoints: each webhook of the directory gets its events in order, at
 * least once, each batch until it is taken or becomes dead letters. Webhooks do not wait for each other.
 */
export interface Webhooks {
  /** In the order of the directory. */
  list(organizationId: string): Promise<readonly WebhookView[]>
  /** How many the organization has. */
  count(organizationId: string): number
  /**
   * A page of at most `max`, oldest first.
   *
   * @param after the `next` of the page before
   * @throws RollcallError `not_found`, `unavailable`
   */
  deadLetters(
    organizationId: string,
    webhookId: string,
    after: number,
    max: number,
  ): Promise<{ readonly letters: readonly DeadLetterView[]; readonly next: number | undefined }>
  /**
   * What is kept for webhooks about a user.
   *
   * @param rest resolves when it may go on
   * @throws RollcallError `unavailable`
   */
  concerning(user: UserKey, rest: () => Promise<void>): Promise<Concerning>
  /**
   * Begins to send dead letters again, those with these event ids or all. Returns how many. The first that is not
   * taken ends it.
   *
   * @throws RollcallError `not_found`, `unavailable`
   */
  replay(organizationId: string, webhookId: string, eventIds: readonly string[] | undefined): Promise<number>
  /** The last requests that this process has sent it, newest first; at most 50. @throws RollcallError `not_found` */
  attempts(organizationId: string, webhookId: string): readonly Attempt[]
  /**
   * Sends it one event that says nothing, and tells what came of it. @throws RollcallError `not_found`; `rate_limited` while
   * one is under way, or was a second ago
   */
  test(organizationId: string, webhookId: string): Promise<Attempt>
  /** Drops all dead letters of a webhook. Durable. @throws RollcallError `not_found`, `unavailable` */
  removeDeadLetters(organizationId: string, webhookId: string): Promise<void>
  /** Stops sending; resolves when nothing is under way any more. Idempotent. */
  close(): Promise<void>
}

export type WebhooksOptions = {
  readonly store: Pick<Store, 'feed' | 'webhooks' | 'deadLetters'> & {
    readonly serviceTime: Pick<ServiceTime, 'wall'>
  }
  readonly auth: Pick<Auth, 'organizations' | 'onDirectoryReloaded'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Pick<Metrics, 'webhookAttempt' | 'webhookEvents'>
  readonly settings: {
    readonly webhookRetryHours: number
    readonly webhookPrivateAddresses: readonly string[]
  }
  /** Default: over HTTP, to names as the machine resolves them. */
  readonly openReceiver?: () => Receiver
}

/** Connections to one push service at a time. */
const PUSH_SOCKETS = 8

/** Wakes devices over the same sender as webhooks: the same judgement of addresses, time limits, and no redirects. */
export function openWakeUps(
  options: Omit<WakeUpsOptions, 'openReceiver'> & Partial<Pick<WakeUpsOptions, 'openReceiver'>>,
): WakeUps {
  const { clock, settings } = options
  const addresses = judgeAddresses(settings.webhookPrivateAddresses)
  const openReceiver = () => new HttpReceiver({ addresses, resolve: createResolve(), clock }, PUSH_SOCKETS)
  return createWakeUps({ openReceiver, ...options })
}

/** Begins at once: from here on, what happens to endpoints of organizations with webhooks is kept for them. */
export function createWebhooks(options: WebhooksOptions): Webhooks {
  const { auth, clock, settings, store } = options
  const posting = {
    addresses: judgeAddresses(settings.webhookPrivateAddresses),
    resolve: createResolve(),
    clock,
  }
  const context: WorkerContext = {
    ...options,
    wall: store.serviceTime.wall,
    newId: uuidMaker(clock, options.random),
    openReceiver: options.openReceiver ?? (() => new HttpReceiver(posting)),
    retryMs: settings.webhookRetryHours * 3_600_000,
  }
  const workers = new Workers(context)
  const find = (organizationId: string, webhookId: string): Worker => {
    const worker = workers.of(organizationId).find(({ key }) => key.webhookId === webhookId)
    if (worker === undefined) throw new RollcallError('not_found')
    return worker
  }
  const list = new DeadLetterList(store.deadLetters)
  workers.takeUp(auth.organizations())
  auth.onDirectoryReloaded(() => workers.takeUp(auth.organizations()))
  const unlisten = store.feed.onAdded((organizationId) => {
    for (const worker of workers.of(organizationId)) worker.wake()
  })
  return {
    list: (organizationId) => Promise.all(workers.of(organizationId).map((worker) => view(store, worker))),
    count: (organizationId) => workers.of(organizationId).length,
    deadLetters: async (organizationId, webhookId, after, max) =>
      list.page(find(organizationId, webhookId).key, after, max),
    concerning(user, rest) {
      const ids = workers.of(user.organizationId).map(({ key }) => key.webhookId)
      return concerning(store, ids, user, rest)
    },
    async replay(organizationId, webhookId, eventIds) {
      const worker = find(organizationId, webhookId)
      const sequences = await list.sequences(worker.key, eventIds)
      worker.replay(sequences)
      return sequences.length
    },
    attempts: (organizationId, webhookId) => find(organizationId, webhookId).attempts,
    test: async (organizationId, webhookId) => find(organizationId, webhookId).test(),
    removeDeadLetters: async (organizationId, webhookId) => list.clear(find(organizationId, webhookId).key),
    close() {
      unlisten()
      return workers.close()
    },
  }
}

/** What is not secret of a webhook's address: many services want a token in the query. */
function shownUrl(text: string): string {
  const url = new URL(text)
  url.search = ''
  return url.href
}

async function view(
  { feed, webhooks, deadLetters }: WebhooksOptions['store'],
  { key, webhook, state }: Worker,
): Promise<WebhookView> {
  const { id, url, events, enabled } = webhook
  const doneSequence = (await webhooks.position(key))?.doneSequence ?? 0
  const pending = await feed.count(key.organizationId, doneSequence, events)
  const dead = await deadLetters.sequences(key)
  return { id, url: shownUrl(url), events, enabled, pending, deadLetters: dead.length, ...state }
}

/** One for each webhook of the directory. */
class Workers {
  readonly #context: WorkerContext
  #byOrganization = new Map<string, readonly Worker[]>()
  readonly #ending = new Set<Promise<void>>()
  /** What is to be kept, until this is closed. */
  #newest: readonly Watch[] | undefined
  #retry: Timer | undefined

  constructor(context: WorkerContext) {
    this.#context = context
  }

  of(organizationId: string): readonly Worker[] {
    return this.#byOrganization.get(organizationId) ?? []
  }

  /** Takes up what the directory says now. */
  takeUp(organizations: ReadonlyMap<string, Organization>): void {
    const before = this.#byOrganization
    const withWebhooks = [...organizations.values()].filter(({ webhooks }) => webhooks.length > 0)
    const watches = withWebhooks.map(({ id: organizationId, webhooks }) => ({
      organizationId,
      types: new Set(webhooks.flatMap(({ events }) => [...events])),
      webhookIds: webhooks.map(({ id }) => id),
    }))
    this.#watch(watches)
    this.#byOrganization = new Map(
      withWebhooks.map(({ id, webhooks }) => [
        id,
        webhooks.map((webhook) => this.#take(before, id, webhook)),
      ]),
    )
    const kept = new Set([...this.#byOrganization.values()].flat())
    for (const worker of [...before.values()].flat()) if (!kept.has(worker)) this.#end(worker)
  }

  async close(): Promise<void> {
    this.#newest = undefined
    this.#retry?.cancel()
    for (const worker of [...this.#byOrganization.values()].flat()) this.#end(worker)
    await Promise.all(this.#ending)
  }

  /** Tells the store what is kept from now on, and what is forgotten, until it has heard. */
  #watch(watches: readonly Watch[]): void {
    this.#newest = watches
    this.#retry?.cancel()
    const { store, clock } = this.#context
    const told = store.feed.watch(watches).then(() => this.#wakeAll())
    const again = (afterMs: number): void => {
      if (this.#newest === watches) this.#retry = clock.after(afterMs, () => this.#watch(watches))
    }
    told
      .then(() => forgetOthers(store.webhooks, watches))
      .then(
        (areForgotten) => areForgotten || again(FORGET_RETRY_MS),
        () => again(WATCH_RETRY_MS),
      )
  }

  #wakeAll(): void {
    for (const worker of [...this.#byOrganization.values()].flat()) worker.wake()
  }

  #take(before: ReadonlyMap<string, readonly Worker[]>, organizationId: string, webhook: Webhook): Worker {
    const known = before.get(organizationId)?.find(({ key }) => key.webhookId === webhook.id)
    const worker = known ?? new Worker(organizationId, webhook, this.#context)
    worker.update(webhook)
    return worker
  }

  #end(worker: Worker): void {
    const ended = worker.close()
    this.#ending.add(ended)
    void ended.finally(() => this.#ending.delete(ended))
  }
}

/**
 * Whatever is not in the directory any more loses its position and its dead letters, unless another process has it in its own.
 *
 * @returns whether none is left
 */
async function forgetOthers(webhooks: Store['webhooks'], watches: readonly Watch[]): Promise<boolean> {
  const kept = new Set(
    watches.flatMap(({ organizationId, webhookIds }) =>
      webhookIds.map((webhookId) => nameOf({ organizationId, webhookId })),
    ),
  )
  const others = async () => (await webhooks.list()).filter((webhook) => !kept.has(nameOf(webhook)))
  const gone = await others()
  for (const webhook of gone) await webhooks.forget(webhook)
  return gone.length === 0 || (await others()).length === 0
}

/** Ids never contain a slash, so that no two webhooks share a name. */
function nameOf({ organizationId, webhookId }: WebhookKey): string {
  return `${organizationId}/${webhookId}`
}
