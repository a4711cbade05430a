import { isId } from '@rollcall/protocol/id'
import { KEEP_ALIVE_SECONDS_MIN } from '@rollcall/protocol/limits'
import { ownUser, type Principal } from '../../auth/auth.ts'
import { parseSendEvent, readSendEventArray, type SendResult } from '../../delivery/delivery.ts'
import { holderOf } from '../../limits/limits.ts'
import { isJsonObject, type JsonObject, parseJsonBody } from '../../parse/parse.ts'
import type { WantedRegistration } from '../../registrar/registrar.ts'
import { eventIdHeader, JSON_TYPE } from '../answers/error-body.ts'
import { sendAll } from '../answers/send-results.ts'
import type { HttpServices } from '../services.ts'
import type { LaneAnswer } from './lane-answers.ts'
import type { LaneHead } from './request-head.ts'

export type LaneServices = Pick<
  HttpServices,
  'auth' | 'delivery' | 'registrar' | 'limits' | 'clock' | 'metrics' | 'log'
>

/** What the log says of a request. */
export type Asked = { readonly id: string; readonly routeOptions: { readonly url: string } }

/** Thrown where a token would have to be checked. Made once: after a restart all are strangers. */
const STRANGER = new Error('this token was not checked before')
const refuseStranger = (): never => {
  throw STRANGER
}
const ignore = (): void => {}

const NO_CONTENT: LaneAnswer = { status: 204, lines: '', body: '', isAscii: true }
const kept = (): LaneAnswer => NO_CONTENT
const sentAll = (answers: readonly string[]): LaneAnswer => ok('', `[${answers.join(',')}]`)
const sent = ({ count, eventId }: SendResult): LaneAnswer =>
  ok(`event-id: ${eventIdHeader(eventId)}\r\n`, String(count))

/**
 * The operations. Each looks at everything before it changes anything, and gives `undefined` where not all is as it
 * should be: then nothing has happened, and the whole request takes the other way, which says what is wrong. What is
 * refused after that rejects.
 */
export class LaneOperations {
  readonly #services: LaneServices
  readonly #askedOf: (head: LaneHead) => Asked
  readonly #keepAliveSecondsMax: number

  constructor(services: LaneServices, keepAliveSecondsMax: number, askedOf: (head: LaneHead) => Asked) {
    this.#services = services
    this.#askedOf = askedOf
    this.#keepAliveSecondsMax = keepAliveSecondsMax
  }

  begin(head: LaneHead, body: Buffer): Promise<LaneAnswer> | undefined {
    const caller = this.#known(head.token)
    if (caller === undefined) return undefined
    switch (head.operation) {
      case 'sendEvent':
        return this.#sendEvent(caller, head, body)
      case 'sendEvents':
        return this.#sendEvents(caller, head, body)
      case 'keepalive':
        return this.#keepalive(caller, body)
      case 'register':
      case 'create':
        return this.#register(caller, head.operation, body)
    }
  }

  isKnown(token: string): boolean {
    return this.#known(token) !== undefined
  }

  /**
   * Has a token checked that was not checked before. Resolves once it was, whatever came of it; `undefined`: it is
   * not checked here. Who is refused is told by the other way, which checks it once more: what is spent for a token
   * that was checked for nothing pays for both.
   */
  check(token: string, address: () => string): Promise<unknown> | undefined {
    const { auth, limits } = this.#services
    // That one counts whom it refuses.
    if (limits.shedding.level === 'overloaded') return undefined
    const checked = passing(() => auth.authenticate(token, () => limits.work.admitStranger(address())))
    return checked instanceof Promise ? checked.catch(ignore) : undefined
  }

  /** Whose token it is, where it was checked before and is good. */
  #known(token: string): Principal | undefined {
    try {
      const principal = this.#services.auth.authenticate(token, refuseStranger)
      return principal instanceof Promise ? undefined : principal
    } catch {
      return undefined
    }
  }

  #sendEvent(caller: Principal, { idempotencyKey }: LaneHead, body: Buffer): Promise<LaneAnswer> | undefined {
    const command = passing(() => parseSendEvent(body))
    return command && this.#services.delivery.sendEvent(caller, command, idempotencyKey).then(sent)
  }

  /** Only an array of commands. Refused as one where it is none. */
  #sendEvents(caller: Principal, head: LaneHead, body: Buffer): Promise<LaneAnswer> | undefined {
    const services = this.#services
    if (!this.#isForBulk(head)) return undefined
    const asked = this.#askedOf(head)
    return sendAll(services, caller, readSendEventArray(body, services.clock), asked).then(sentAll)
  }

  /** Whether the other way would not refuse it before it has read anything. */
  #isForBulk({ idempotencyKey }: LaneHead): boolean {
    return idempotencyKey === undefined && this.#services.limits.shedding.level === 'calm'
  }

  /**
   * Room for bytes of a bulk request that is coming, or is worked on; gives what gives it back. `undefined`: there is none.
   */
  hold(head: LaneHead, bytes: number): (() => void) | undefined {
    const caller = this.#known(head.token)
    if (caller === undefined || !this.#isForBulk(head)) return undefined
    return this.#services.limits.ledger.bulkBytes.take(holderOf(caller), bytes)
  }

  #keepalive(caller: Principal, body: Buffer): Promise<LaneAnswer> | undefined {
    const user = passing(() => ownUser(caller))
    const fields = fieldsOf(body)
    if (user === undefined || fields === undefined || Object.keys(fields).length !== 1) return undefined
    const { userEndpointId } = fields
    if (!isId(userEndpointId)) return undefined
    const { organizationId, userId } = user
    const endpoint = { organizationId, userId, userEndpointId }
    return this.#services.registrar.keepalive(endpoint, caller.expiresAtWallMs).then(kept)
  }

  #register(
    caller: Principal,
    operation: 'register' | 'create',
    body: Buffer,
  ): Promise<LaneAnswer> | undefined {
    const user = passing(() => ownUser(caller))
    const wanted = wantedIn(fieldsOf(body), this.#keepAliveSecondsMax)
    if (user === undefined || wanted === undefined) return undefined
    const registering = async () => {
      this.#services.limits.register(caller)
      const { userEndpointId } = await this.#services.registrar.register(user, wanted, caller.expiresAtWallMs)
      return ok('', JSON.stringify(operation === 'register' ? { id: userEndpointId } : userEndpointId))
    }
    return registering()
  }
}

function ok(lines: string, body: string): LaneAnswer {
  const length = Buffer.byteLength(body)
  const isAscii = length === body.length
  return {
    status: 200,
    lines: `${lines}content-type: ${JSON_TYPE}\r\ncontent-length: ${length}\r\n`,
    body,
    isAscii,
  }
}

/** What a check gives; `undefined` where it throws. */
function passing<T>(check: () => T): T | undefined {
  try {
    return check()
  } catch {
    return undefined
  }
}

/** The members of a body; `undefined` where it is no object. */
function fieldsOf(body: Buffer): JsonObject | undefined {
  const value = passing(() => parseJsonBody(body))
  return isJsonObject(value) ? value : undefined
}

/** The body of a register that leaves nothing to be asked. */
function wantedIn(fields: JsonObject | undefined, secondsMax: number): WantedRegistration | undefined {
  if (fields === undefined) return undefined
  const { userEndpointId, keepAliveSeconds, serverKeepAliveReminderOn = false, ...others } = fields
  if (Object.keys(others).length > 0 || typeof serverKeepAliveReminderOn !== 'boolean') return undefined
  if (userEndpointId !== undefined && !isId(userEndpointId)) return undefined
  if (typeof keepAliveSeconds !== 'number' || !Number.isInteger(keepAliveSeconds)) return undefined
  if (keepAliveSeconds < KEEP_ALIVE_SECONDS_MIN || keepAliveSeconds > secondsMax) return undefined
  return { userEndpointId, keepAliveSeconds, serverKeepAliveReminderOn }
}
