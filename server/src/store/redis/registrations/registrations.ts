import type { UnregisterReason } from '@rollcall/protocol/lifecycle'
import { discardReasonOf } from '../../registrations.ts'
import type {
  Addressee,
  EndpointKey,
  LinkHandle,
  RegisterOutcome,
  RegisterRequest,
  Registration,
  RegistrationStore,
} from '../../store.ts'
import { isYes, list, number, optional, text } from '../connection/answers.ts'
import type { Answer } from '../connection/wire.ts'
import { atUser, type Engine } from '../engine.ts'
import { grouped } from '../grouped.ts'
import { toRegistration, wakeUpText } from './rows.ts'

export function redisRegistrations(engine: Engine): RegistrationStore {
  return {
    register: (request, endpointsMax) => register(engine, request, endpointsMax),
    keepalive: (endpoint, authorizedUntilWallMs) => keepalive(engine, endpoint, authorizedUntilWallMs),
    unregister: (endpoint, reason = 'requested') => unregister(engine, endpoint, reason),
    async forgetWakeUp(registration, wakeUp) {
      const args = [registration.registrationId, wakeUpText(wakeUp)]
      return isYes(await atUser(engine, 'quick', 'forget_wake_up', registration, args))
    },
    listWakeable: (after, max) => listWakeable(engine, after, max),
    look: (addressees) => look(engine, addressees),
  }
}

/** Its reminder is due at two thirds of the period, and nothing of it is before. */
function remindedAfterMs({ keepAliveSeconds }: RegisterRequest): number {
  return (keepAliveSeconds * 2000) / 3
}

async function register(
  engine: Engine,
  request: RegisterRequest,
  endpointsMax: number,
): Promise<RegisterOutcome> {
  const asked = JSON.stringify({
    o: request.organizationId,
    u: request.userId,
    e: request.userEndpointId,
    secs: request.keepAliveSeconds,
    reminds: request.serverKeepAliveReminderOn,
    auth: request.authorizedUntilWallMs,
    evict: request.mayEvict === true,
    wake: request.wakeUp && wakeUpText(request.wakeUp),
  })
  const answer = await atUser(engine, 'durable', 'register', request, [asked, endpointsMax])
  const [kind, registration, refreshed, leaving] = list(answer)
  if (text(kind) === 'full' || registration === undefined) return { kind: 'too_many_endpoints' }
  engine.due.notAfter(
    engine.partitions.ofUser(request),
    engine.serviceTime.nowMs() + remindedAfterMs(request),
  )
  const madeRoom = list(leaving).map(toRegistration)
  return {
    kind: 'registered',
    registration: toRegistration(registration),
    refreshed: isYes(refreshed),
    ...(madeRoom.length === 0 ? {} : { madeRoom }),
  }
}

/** So many of each partition: what lies behind the nearest end of a page is for the next. */
async function listWakeable({ functions }: Engine, after: number, max: number) {
  const pages = (await functions.callAll('quick', 'wakeable', [after, max])).map(list)
  const ends = pages.flatMap(([, last]) => optional(last, number) ?? [])
  const horizon = Math.min(Number.POSITIVE_INFINITY, ...ends)
  const all = pages.flatMap(([found]) => list(found).map(toRegistration))
  const near = all
    .filter(({ registrationId }) => registrationId <= horizon)
    .sort((one, other) => one.registrationId - other.registrationId)
  const registrations = near.slice(0, max)
  if (near.length > max) return { registrations, next: registrations.at(-1)?.registrationId }
  return { registrations, next: ends.length === 0 ? undefined : horizon }
}

async function keepalive(
  engine: Engine,
  endpoint: EndpointKey,
  authorizedUntilWallMs = 0,
): Promise<Registration | undefined> {
  const args = [...namesOf(endpoint), authorizedUntilWallMs]
  return optional(await atUser(engine, 'quick', 'keepalive', endpoint, args), toRegistration)
}

async function unregister(
  engine: Engine,
  endpoint: EndpointKey,
  reason: UnregisterReason,
): Promise<Registration | undefined> {
  const args = [...namesOf(endpoint), reason, discardReasonOf(reason)]
  return optional(await atUser(engine, 'durable', 'unregister', endpoint, args), toRegistration)
}

/** One call for each partition of somebody who is asked for. */
async function look(engine: Engine, addressees: readonly Addressee[]) {
  const { functions, partitions, self } = engine
  const found: Sighted[][] = addressees.map(() => [])
  const groups = grouped(addressees, (addressee) => partitions.ofUser(addressee))
  const asked = [...groups].map(async ([partition, group]) => {
    const args = group.flatMap(({ item }) => namesOf(item))
    const answers = list(await functions.call('quick', 'look', partition, args))
    for (const [place, { index }] of group.entries())
      found[index] = list(answers[place]).map((answer) => toSighted(answer, self()))
  })
  await Promise.all(asked)
  return found.flat()
}

type Sighted = {
  readonly registration: Registration
  readonly depth: number
  readonly link: LinkHandle | undefined
}

function toSighted(answer: Answer, self: string): Sighted {
  const [registration = null, depth, linkId, peer, of] = list(answer)
  const node = optional(of, text)
  const link = optional(linkId, number)
  return {
    registration: toRegistration(registration),
    depth: number(depth),
    link:
      link === undefined
        ? undefined
        : {
            linkId: link,
            peer: toPeer(text(peer)),
            ...(node === undefined || node === self ? {} : { node }),
          },
  }
}

/** JSON has no room for what is unknown. */
function toPeer(json: string): LinkHandle['peer'] {
  return { userAgent: undefined, ...JSON.parse(json) }
}

function namesOf({ organizationId, userId, userEndpointId = '' }: Addressee): readonly string[] {
  return [organizationId, userId, userEndpointId]
}
