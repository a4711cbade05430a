import assert from 'node:assert/strict'
import type {
  AppendOutcome,
  AppendRequest,
  Claim,
  EndpointKey,
  MailboxBounds,
  MailboxEntry,
  OnTiding,
  RegisterOutcome,
  RegisterRequest,
  Registration,
  RegistrationKey,
  Reply,
  Store,
  StoredEvent,
  UserKey,
  WebhookKey,
  WebhookLease,
} from '../store.ts'
import { acknowledgeEntry, depthOf, endEntry, entriesOf, liveOf, sendThrough } from './entries.ts'

/** A store under test, and what the suite has to do to it. Time stands still but for `advance`. */
export interface StoreUnderTest {
  /** The store as it is open now. */
  readonly store: Store
  /** What `onMailboxEnded` was told since it was made. */
  readonly ended: readonly (readonly [organizationId: string, entries: number])[]
  wallMs(): number
  advance(ms: number): Promise<void>
  jumpWall(ms: number): void
  /** The process stands still for so long. */
  stall(ms: number): Promise<void>
  /** Closes the store and opens it again `downMs` later. */
  reopen(downMs: number): Promise<void>
  /** The same without closing: the process died. */
  crash(downMs: number): Promise<void>
  close(): Promise<void>
  /** The same store as another process has it. Absent where none ever does. */
  openFor?(node: string, onTiding: OnTiding): Store | Promise<Store>
}

export const ENDPOINT: EndpointKey = { organizationId: 'acme', userId: 'alice', userEndpointId: 'phone' }
const ENDPOINTS_MAX = 100
/** Longer than whoever takes a lease has use for it. */
const LEASE_MS = 3_600_000

/** Short forms of the operations, with what a test does not care about filled in. */
export class Scene {
  readonly under: StoreUnderTest
  #tokens = 0

  constructor(under: StoreUnderTest) {
    this.under = under
  }

  get store(): Store {
    return this.under.store
  }

  get at(): { readonly nowMs: number; readonly nowWallMs: number } {
    return { nowMs: this.store.serviceTime.nowMs(), nowWallMs: this.under.wallMs() }
  }

  /** Registers, for 10 s where nothing else is said, and returns what was registered. */
  async register(wanted: Partial<RegisterRequest> = {}, endpointsMax = ENDPOINTS_MAX): Promise<Registration> {
    const outcome = await this.tryToRegister(wanted, endpointsMax)
    assert.equal(outcome.kind, 'registered')
    assert(outcome.kind === 'registered')
    return outcome.registration
  }

  /** The same with whatever comes of it. */
  tryToRegister(wanted: Partial<RegisterRequest>, endpointsMax: number): Promise<RegisterOutcome> {
    const request = {
      ...ENDPOINT,
      keepAliveSeconds: 10,
      serverKeepAliveReminderOn: false,
      authorizedUntilWallMs: 0,
      ...wanted,
    }
    return this.store.registrations.register(request, endpointsMax)
  }

  /** Of the live ones, oldest first. */
  async ids(): Promise<readonly string[]> {
    return (await this.list()).map(({ userEndpointId }) => userEndpointId)
  }

  keepalive(endpoint: EndpointKey = ENDPOINT, authorizedUntilWallMs?: number) {
    return this.store.registrations.keepalive(endpoint, authorizedUntilWallMs)
  }

  unregister(endpoint: EndpointKey = ENDPOINT) {
    return this.store.registrations.unregister(endpoint)
  }

  async find(endpoint: EndpointKey = ENDPOINT): Promise<Registration | undefined> {
    return (await liveOf(this.store, endpoint))[0]
  }

  /** The user's live registrations, oldest first. */
  list({ organizationId, userId }: UserKey = ENDPOINT) {
    return liveOf(this.store, { organizationId, userId })
  }

  depth(registration: RegistrationKey) {
    return depthOf(this.store, registration)
  }

  sweep(max = 1000) {
    return this.store.sweep(max)
  }

  /** What a sweep did, by endpoint. */
  async swept(max?: number) {
    const { reminded, expired } = await this.sweep(max)
    const names = (registrations: readonly Registration[]) =>
      registrations.map(({ userEndpointId }) => userEndpointId)
    return { reminded: names(reminded), expired: names(expired) }
  }

  /** To every endpoint of the user. */
  appendToAll(payload: string): Promise<AppendOutcome> {
    const { organizationId, userId } = ENDPOINT
    const request = { organizationId, userId, event: this.#event(payload), eventsMax: 1000, bytesMax: 1e6 }
    return this.store.mailboxes.append(request)
  }

  append(payload: string, wanted: Partial<AppendRequest> = {}): Promise<AppendOutcome> {
    const event = this.#event(payload)
    const request = { ...ENDPOINT, event, eventsMax: 1000, bytesMax: 1_000_000, ...wanted }
    return this.store.mailboxes.append(request)
  }

  /** A claim under a token that nobody had. */
  claimOf(owner: UserKey, key: string, rememberMs = 600_000): Claim {
    return { owner, key, rememberMs, token: `token ${++this.#tokens}` }
  }

  /** Sends under an idempotency key, as delivery does: where there is a reply, nothing is. */
  async send(payload: string, claim: Claim, wanted: Partial<AppendRequest> = {}): Promise<void> {
    const { replies } = this.store
    const found = await replies.claim(claim, ENDPOINT)
    if (found.kind !== 'claimed') return
    const { accepted, full } = await this.append(payload, { ...wanted, idempotency: claim })
    const isRefused = accepted.length === 0 && full.length > 0
    if (isRefused) await replies.release(claim)
    else await replies.answer(claim, { eventId: `id of ${payload}`, count: accepted.length })
  }

  /** The reply to a key; `undefined`: there is none, and there still is none. */
  async reply(owner: UserKey, key: string): Promise<Reply | undefined> {
    const claim = this.claimOf(owner, key)
    const found = await this.store.replies.claim(claim, owner)
    if (found.kind === 'known') return found.reply
    assert.equal(found.kind, 'claimed')
    await this.store.replies.release(claim)
    return undefined
  }

  /** The lease of a webhook that nobody else has. */
  async takeLease(webhook: WebhookKey): Promise<WebhookLease> {
    const lease = await this.store.webhooks.lease(webhook, LEASE_MS)
    assert(lease !== undefined)
    return lease
  }

  #event(payload: string): StoredEvent {
    return {
      eventId: `id of ${payload}`,
      payload: Buffer.from(payload),
      sealed: false,
      acceptedAtWallMs: this.under.wallMs(),
    }
  }

  read(registration: RegistrationKey, after = 0, entriesMax = 1000, bytesMax = 1_000_000) {
    return entriesOf(this.store, registration, after, entriesMax, bytesMax)
  }

  /** Whether an entry still waits. */
  async holds(registration: RegistrationKey, sequence: number): Promise<boolean> {
    return (await this.read(registration, sequence - 1, 1))[0]?.sequence === sequence
  }

  discard(registration: RegistrationKey, sequence: number) {
    return endEntry(this.store, registration, sequence, 'discarded')
  }

  /** Returns what that set off. */
  acknowledge(registration: RegistrationKey, sequence: number, bounds?: MailboxBounds) {
    return acknowledgeEntry(this.store, registration, sequence, bounds)
  }

  /** What waits up to this entry is in flight now, until the mailbox is looked into. */
  sendThrough(registration: RegistrationKey, sequence: number) {
    return sendThrough(this.store, registration, sequence)
  }

  /** The same with all that waits in these mailboxes. */
  async sendAll(...registrations: readonly RegistrationKey[]): Promise<void> {
    for (const registration of registrations) {
      const newest = (await this.read(registration)).at(-1)
      if (newest !== undefined) await this.sendThrough(registration, newest.sequence)
    }
  }

  /** Entries whose lifetime is over. */
  async lapsed(max = 9) {
    return (await this.store.sweep(max)).lapsed
  }

  /** What waits in a mailbox, as text. */
  async payloads(registration: RegistrationKey): Promise<readonly string[]> {
    return (await this.read(registration)).map(textOf)
  }
}

/** A registration but for what is left of its period, which is less each time. */
export function lasting({ remainingMs: _, ...rest }: Registration): Omit<Registration, 'remainingMs'> {
  return rest
}

/** What names a registration. */
export function keyOf({
  organizationId,
  userId,
  userEndpointId,
  registrationId,
}: RegistrationKey): RegistrationKey {
  return { organizationId, userId, userEndpointId, registrationId }
}

export function textOf(entry: MailboxEntry): string {
  return Buffer.from(entry.payload).toString()
}

/** Tests by name: what is guaranteed → how it is tried. */
export type Cases = { readonly [guarantee: string]: (scene: Scene) => Promise<void> }
