import { RollcallError } from '@rollcall/protocol/error-code'
import { IDEMPOTENCY_TTL_MS } from '@rollcall/protocol/limits'
import { parseSendEvent, type SendResult } from '../../../server/src/delivery/delivery.ts'
import type { Device, Life } from '../device.ts'
import { type Send, Violation } from '../ledger.ts'
import { sendOperation, sendResult } from '../sim-history.ts'
import type { Service } from './service.ts'
import { FOREVER_MS, SECRET, type Stage } from './stage.ts'
import { chooseTerms, termsInBody } from './terms.ts'

/** An event on its way, and who was surely there when it was sent. */
type Sent = { readonly send: Send; readonly addressed: readonly Device[]; readonly lives: readonly Life[] }

/** What backends send, and what they must be answered. */
export class Sends {
  readonly #stage: Stage
  /** The last send that was answered for each idempotency key. */
  readonly #keys = new Map<string, Send>()

  constructor(stage: Stage) {
    this.#stage = stage
  }

  /** @param isPlain without what two that are sent at once would settle in an order that nobody promises */
  send(isPlain = false): void {
    const { service, dice, clock, step, devices } = this.#stage
    if (service === undefined) return
    const target = dice.pick(devices)
    const { organizationId, userId, userEndpointId } = target.endpoint
    const isForAll = dice.chance(50)
    const isMasked = dice.chance(40)
    const key = !isPlain && dice.chance(20) ? `key-${organizationId}-${dice.roll(10)}` : undefined
    const eventId = `event-${step}`
    const event = {
      ...{ id: eventId, type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' },
      to: `${organizationId}/${userId}`,
      ...(isMasked ? { card: { number: SECRET } } : {}),
    }
    const qos = dice.chance(75) ? 1 : 0
    const terms = qos === 1 && !isPlain ? chooseTerms(this.#stage) : {}
    const body = {
      ...{ userId, qos, event },
      ...termsInBody(terms, event),
      ...(isForAll ? {} : { userEndpointId }),
      ...(isMasked ? { masks: ['$.card.number'] } : {}),
    }
    const started = { startedStep: step, startedAtMs: clock.monotonicMs(), answeredStep: undefined }
    const send: Send = { eventId, to: event.to, qos, key, ...started, terms }
    this.#begin(send)
    const addressed = isForAll
      ? devices.filter(
          ({ endpoint }) => endpoint.organizationId === organizationId && endpoint.userId === userId,
        )
      : [target]
    const lives = this.#stage.certain(addressed)
    this.#stage.tally.sends++
    const operation = sendOperation(send, event, {
      ...(isForAll ? {} : { endpoint: target.name }),
      nowWallMs: clock.wallMs(),
    })
    this.#ask(service, operation, { send, addressed, lives }, { organizationId, body })
  }

  #ask(
    service: Service,
    operation: ReturnType<typeof sendOperation>,
    sent: Sent,
    { organizationId, body }: { readonly organizationId: string; readonly body: object },
  ): void {
    const stage = this.#stage
    const { dice } = stage
    const { key } = sent.send
    const command = parseSendEvent(Buffer.from(JSON.stringify(body)))
    const wait = { waitMs: 1000 * (1 + dice.roll(5)), gone: new AbortController().signal }
    const isWaiting = key === undefined && dice.chance(20)
    const { delivery } = service
    const principal = backendOf(organizationId)
    const ask = () =>
      isWaiting
        ? delivery.sendEventAndWait(principal, command, undefined, wait)
        : delivery.sendEvent(principal, command, key)
    stage.ask(service, operation, ask, sendResult).then(
      (answer) => stage.guard(() => this.#answered(service, sent, answer)),
      (error: unknown) => {
        if (!(error instanceof RollcallError && error.code === 'unavailable')) stage.fail(error)
      },
    )
  }

  #begin(send: Send): void {
    const { ledger, receipts, answers } = this.#stage
    ledger.sends.set(send.eventId, send)
    receipts.start(send)
    answers.start(send)
    const { cancelId, overId, collapseKey } = send.terms
    if (collapseKey !== undefined) ledger.mayReplace(send)
    // When it will be accepted nobody knows: no order is promised.
    for (const otherId of [cancelId, overId])
      if (otherId !== undefined)
        ledger.sends.set(otherId, { ...send, eventId: otherId, startedStep: 0, terms: {} })
  }

  #answered(service: Service, { send, addressed, lives }: Sent, answer: SendResult): void {
    const stage = this.#stage
    const { receipts, answers, ledger } = stage
    receipts.checkReceipts(answer.eventId, answer.receipts?.acknowledged ?? 0)
    if (service !== stage.service && service !== stage.former) return
    const answeredBy = answer.receipts?.answeredBy
    if (answeredBy !== undefined) answers.won(answer.eventId, answeredBy)
    if (answer.eventId !== send.eventId) {
      this.#checkRemembered(answer.eventId, send)
      return
    }
    if (send.key !== undefined) this.#remember(send.key, send)
    send.answeredStep = stage.step
    const still = stage.certain(addressed).filter((life) => lives.includes(life))
    checkCount(send, answer, { still: still.length, addressed: addressed.length })
    if (send.qos === 1) for (const life of still) ledger.owe(life, send)
    const { cancelId, overId } = send.terms
    if (overId !== undefined && answer.count === still.length) answers.call(send.eventId, overId, still)
    if (cancelId !== undefined && answer.count > 1 && answer.count === still.length)
      receipts.race(send.eventId, cancelId, still)
  }

  #remember(key: string, send: Send): void {
    const known = this.#keys.get(key)
    // However the wall clock jumps.
    const isRemembered =
      known?.qos === 1 && this.#stage.clock.monotonicMs() - known.startedAtMs < IDEMPOTENCY_TTL_MS
    if (isRemembered)
      throw new Violation(`${send.eventId} was sent although ${key} had been used for ${known.eventId}`)
    this.#keys.set(key, send)
  }

  #checkRemembered(eventId: string, { eventId: own, key }: Send): void {
    if (key === undefined || this.#stage.ledger.sends.get(eventId)?.key !== key)
      throw new Violation(`${own} was answered with ${eventId}, sent with another key`)
  }
}

function checkCount(
  { eventId }: Send,
  { count }: SendResult,
  { still, addressed }: { readonly still: number; readonly addressed: number },
): void {
  if (count < still)
    throw new Violation(`${eventId} was accepted for ${count} endpoints of ${still} that live`)
  if (count > addressed) throw new Violation(`${eventId} was counted too often`)
}

function backendOf(organizationId: string) {
  return {
    ...{ organizationId, userId: 'backend', clientId: 'backend', isClient: true },
    ...{ authorities: [], isService: false, expiresAtWallMs: FOREVER_MS },
  }
}
