import { RollcallError } from '@rollcall/protocol/error-code'
import { ID_RULE, isId } from '@rollcall/protocol/id'
import type { UnregisterReason } from '@rollcall/protocol/lifecycle'
import { KEEP_ALIVE_SECONDS_MIN } from '@rollcall/protocol/limits'
import type { Clock } from '../clock/clock.ts'
import type { Log, SharedFigures, Statistics } from '../observe/observe.ts'
import { type Problems, refuseAny } from '../parse/parse.ts'
import type {
  EndpointKey,
  EntryPosition,
  Registration,
  RegistrationStore,
  Store,
  UserKey,
  UserStore,
} from '../store/store.ts'
import { Expiry } from './expiry.ts'
import { RegistrationShare, type RegistrationShareSettings } from './registration-share.ts'

/** Keeps registrations: register, keepalive, unregister, reminders and expiry. Knows nothing of delivery. */
export interface Registrar {
  /**
   * Registers an endpoint, or refreshes it when it is live. Durable when it resolves.
   *
   * @param userEndpointId absent: a new one is made
   * @param authorizedUntilWallMs `exp` of the caller's token
   * @throws RollcallError `invalid_request` (keepAliveSeconds, userEndpointId), `too_many_endpoints`, `unavailable`
   */
  register(user: UserKey, wanted: WantedRegistration, authorizedUntilWallMs: number): Promise<Registration>
  /**
   * Keeps an endpoint alive for another period. Answered at once, durable within 1 s.
   *
   * @param authorizedUntilWallMs `exp` of the caller's token; `undefined` for a keepalive over MQTT, which
   *   extends the registration but never the authorization
   * @throws RollcallError `endpoint_unknown` for one that is unknown, expired or another user's
   */
  keepalive(endpoint: EndpointKey, authorizedUntilWallMs: number | undefined): Promise<Registration>
  /** @throws RollcallError `endpoint_unknown` */
  unregister(endpoint: EndpointKey, reason?: UnregisterReason): Promise<void>
  /** Ends all registrations of a user. Durable when it resolves. */
  unregisterAll(user: UserKey, reason: UnregisterReason): Promise<void>
  /** The endpoint's live registration. */
  find(endpoint: EndpointKey): Promise<Registration | undefined>
  /** Who is there: `RegistrationStore`. */
  look: RegistrationStore['look']
  /**
   * When any endpoint of the user was registered or kept alive last, those that are gone included; wall clock.
   * `undefined`: never, or too long ago.
   */
  lastSeenWallMs(user: UserKey): Promise<number | undefined>
  /** Who is known in an organization, by id: `UserStore`. */
  users: UserStore['list']
  /** Organizations with a registration. */
  organizations: UserStore['organizations']
  /** Registrations there are, of one organization or in all; those that expired since the last sweep included. */
  count(organizationId: string | undefined): Promise<number>
  /** What of the registrations that there may be in all is taken, as far as was counted when one was made last. */
  share(): SharedFigures
  /** Starts the sweeper. */
  start(): void
  /** Stops the sweeper; resolves when a running sweep has ended. Idempotent. */
  close(): Promise<void>
}

export type WantedRegistration = {
  readonly userEndpointId: string | undefined
  readonly keepAliveSeconds: number
  readonly serverKeepAliveReminderOn: boolean
  /** How to wake its device, sealed. Absent: it cannot be woken. */
  readonly wakeUp?: Uint8Array
}

export type RegistrarOptions = {
  readonly store: Pick<Store, 'registrations' | 'sweep' | 'lastSeen' | 'users' | 'totals'>
  readonly clock: Clock
  /** Makes UUIDv7s for endpoints that bring no id of their own. */
  readonly newId: () => string
  readonly statistics: Pick<Statistics, 'of'>
  readonly log: Pick<Log, 'error'>
  readonly limits: RegistrationShareSettings & {
    readonly keepAliveSecondsMax: number
    readonly endpointsPerUserMax: number
  }
  /** Whether endpoints that have no link make room where a user has too many. */
  readonly mayEvict: boolean
  /** Called after a registration was made, not after a refresh. */
  readonly onRegistered: (registration: Registration) => void
  readonly onReminderDue: (registration: Registration) => void
  readonly onExpired: (registration: Registration) => void
  readonly onUnregistered: (registration: Registration) => void
  /** Entries of mailboxes have ended, because their lifetime was over. */
  readonly onLapsed: (entries: readonly EntryPosition[]) => void
}

export function createRegistrar(options: RegistrarOptions): Registrar {
  const { registrations, lastSeen } = options.store
  const expiry = new Expiry(options)
  const share = new RegistrationShare(options.store, () => options.clock.monotonicMs(), options.limits)
  return {
    async register(user, wanted, authorizedUntilWallMs) {
      checkWanted(wanted, options.limits.keepAliveSecondsMax)
      await share.admit(user.organizationId, () => isThere(options, user, wanted))
      return register(options, user, wanted, authorizedUntilWallMs)
    },
    async keepalive(endpoint, authorizedUntilWallMs) {
      const kept = await registrations.keepalive(endpoint, authorizedUntilWallMs)
      if (kept === undefined) throw new RollcallError('endpoint_unknown')
      return kept
    },
    async unregister(endpoint, reason) {
      if (!(await unregister(options, endpoint, reason))) throw new RollcallError('endpoint_unknown')
    },
    async unregisterAll(user, reason) {
      const all = await registrations.look([user], {})
      await Promise.all(all.map(({ registration }) => unregister(options, registration, reason)))
    },
    find: async (endpoint) => (await registrations.look([endpoint], {}))[0]?.registration,
    look: (addressees, wanted) => registrations.look(addressees, wanted),
    lastSeenWallMs: (user) => lastSeen.find(user),
    users: (organizationId, range) => options.store.users.list(organizationId, range),
    organizations: (range) => options.store.users.organizations(range),
    count: async (organizationId) => (await options.store.totals(organizationId)).registrations,
    share: () => share.figures,
    start: () => expiry.start(),
    close: () => expiry.close(),
  }
}

async function register(
  options: RegistrarOptions,
  user: UserKey,
  wanted: WantedRegistration,
  authorizedUntilWallMs: number,
): Promise<Registration> {
  const { store, newId, limits, mayEvict, onRegistered } = options
  // Named one by one: to spread two objects of which one has a member of the other took a twentieth of the whole request.
  const request = {
    organizationId: user.organizationId,
    userId: user.userId,
    userEndpointId: wanted.userEndpointId ?? newId(),
    keepAliveSeconds: wanted.keepAliveSeconds,
    serverKeepAliveReminderOn: wanted.serverKeepAliveReminderOn,
    authorizedUntilWallMs,
    mayEvict,
    ...(wanted.wakeUp === undefined ? {} : { wakeUp: wanted.wakeUp }),
  }
  const outcome = await store.registrations.register(request, limits.endpointsPerUserMax)
  if (outcome.kind === 'too_many_endpoints') throw new RollcallError('too_many_endpoints', tooMany(options))
  for (const registration of outcome.madeRoom ?? []) ended(options, registration, 'evicted')
  if (!outcome.refreshed) onRegistered(outcome.registration)
  return outcome.registration
}

/** Whether it is a refresh that is wanted. */
async function isThere(
  { store }: RegistrarOptions,
  user: UserKey,
  { userEndpointId }: WantedRegistration,
): Promise<boolean> {
  if (userEndpointId === undefined) return false
  return (await store.registrations.look([{ ...user, userEndpointId }], {})).length > 0
}

/** Tells whether there was one. */
async function unregister(
  options: RegistrarOptions,
  endpoint: EndpointKey,
  reason?: UnregisterReason,
): Promise<boolean> {
  const removed = await options.store.registrations.unregister(endpoint, reason)
  if (removed === undefined) return false
  ended(options, removed, 'unregistered')
  return true
}

function ended(
  { statistics, onUnregistered }: RegistrarOptions,
  registration: Registration,
  how: 'unregistered' | 'evicted',
): void {
  statistics.of(registration.organizationId).registrationEnded(how)
  onUnregistered(registration)
}

/** Says what its reader can do about it. */
function tooMany({ limits, mayEvict }: RegistrarOptions): string {
  const why = !mayEvict ? '' : ', and those of this user are connected'
  return `A user may have ${limits.endpointsPerUserMax} endpoints${why}. Unregister one that is not used, or let it expire.`
}

function checkWanted(
  { userEndpointId, keepAliveSeconds }: WantedRegistration,
  keepAliveSecondsMax: number,
): void {
  const problems: Problems = new Map()
  const isInRange = keepAliveSeconds >= KEEP_ALIVE_SECONDS_MIN && keepAliveSeconds <= keepAliveSecondsMax
  if (!Number.isInteger(keepAliveSeconds) || !isInRange)
    problems.set(
      'keepAliveSeconds',
      `must be an integer from ${KEEP_ALIVE_SECONDS_MIN} to ${keepAliveSecondsMax}`,
    )
  if (userEndpointId !== undefined && !isId(userEndpointId))
    problems.set('userEndpointId', `must be ${ID_RULE}`)
  refuseAny(problems)
}
