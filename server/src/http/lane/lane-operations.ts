import { isId } from '@rollcall/protocol/id'
import { KEEP_ALIVE_SECONDS_MIN } from '@rollcall/protocol/limits'
import { ownUser, type Principal } from '../../auth/auth.ts'
import { parseSendEvent } from '../../delivery/delivery.ts'
import { isJsonObject, type JsonObject, parseJsonBody } from '../../parse/parse.ts'
import type { WantedRegistration } from '../../registrar/registrar.ts'
import { eventIdHeader, JSON_TYPE } from '../answers/error-body.ts'
import type { AnswerGate } from '../connections/answer-gate.ts'
import type { HttpServices } from '../services.ts'
import type { LaneAnswer } from './lane-answers.ts'
import type { LaneHead } from './request-head.ts'

export type LaneServices = Pick<HttpServices, 'auth' | 'delivery' | 'registrar' | 'limits'>

/** Thrown where a token would have to be checked. Made once: after a restart all are strangers. */
const STRANGER = new Error('this token was not checked before')
const refuseStranger = (): never => {
  throw STRANGER
}

const NO_CONTENT: LaneAnswer = { status: 204, lines: '', body: '', isAscii: true }

/**
 * The operations. Each looks at everything before it changes anything, and gives `undefined` where not all is as it
 * should be: then nothing has happened, and the whole request takes the other way, which says what is wrong. What is
 * refused after that rejects.
 */
export class LaneOperations {
  readonly #services: LaneServices
  readonly #gate: AnswerGate
  readonly #keepAliveSecondsMax: number

  constructor(services: LaneServices, gate: AnswerGate, keepAliveSecondsMax: number) {
    this.#services = services
    this.#gate = gate
    this.#keepAliveSecondsMax = keepAliveSecondsMax
  }

  begin(head: LaneHead, body: Buffer): Promise<LaneAnswer> | undefined {
    const caller = this.#known(head.token)
    if (caller === undefined) return undefined
    switch (head.operation) {
      case 'sendEvent':
        return this.#sendEvent(caller, head, body)
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
    return command && this.#send(caller, command, idempotencyKey)
  }

  async #send(...sent: Parameters<LaneServices['delivery']['sendEvent']>): Promise<LaneAnswer> {
    const { count, eventId } = await this.#services.delivery.sendEvent(...sent)
    await this.#gate.opened()
    return ok(`event-id: ${eventIdHeader(eventId)}\r\n`, String(count))
  }

  #keepalive(caller: Principal, body: Buffer): Promise<LaneAnswer> | undefined {
    const user = passing(() => ownUser(caller))
    const fields = fieldsOf(body)
    if (user === undefined || fields === undefined || Object.keys(fields).length !== 1) return undefined
    const { userEndpointId } = fields
    if (!isId(userEndpointId)) return undefined
    const { organizationId, userId } = user
    const endpoint = { organizationId, userId, userEndpointId }
    return this.#keep(endpoint, caller.expiresAtWallMs)
  }

  async #keep(...kept: Parameters<LaneServices['registrar']['keepalive']>): Promise<LaneAnswer> {
    await this.#services.registrar.keepalive(...kept)
    await this.#gate.opened()
    return NO_CONTENT
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
