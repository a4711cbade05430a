import { RollcallError } from '@rollcall/protocol/error-code'
import type { Device, Life } from '../device.ts'
import { Violation } from '../ledger.ts'
import { checkNotEarly } from './expiries.ts'
import type { Service } from './service.ts'
import { FOREVER_MS, type Stage } from './stage.ts'

/** What devices, and the people at them, do. */
export class DeviceActs {
  readonly #stage: Stage
  /** Registrations that were answered. */
  readonly #registered = new Set<number>()

  constructor(stage: Stage) {
    this.#stage = stage
  }

  /** Whatever comes to its mind. */
  use(device: Device): void {
    const { service, dice } = this.#stage
    if (service !== undefined && dice.chance(8)) {
      this.#answer(service, device)
      return
    }
    if (service === undefined || device.isBusy) return
    const operation = this.#chooseOperation(device)
    if (operation !== undefined) this.#operate(device, () => operation(service, device))
  }

  /** At the end: it connects, stays, and acknowledges what it gets. */
  attend(device: Device): void {
    const { service } = this.#stage
    // Who does not know whether it is registered looks after its link no more.
    if (device.life === undefined && !device.isBusy) device.drop()
    if (service === undefined || device.life === undefined || device.isBusy) return
    if (!device.isConnected) {
      this.#operate(device, () => this.#connect(service, device))
      return
    }
    for (let turn = 0; turn < 10; turn++) device.acknowledgeSome()
    this.#operate(device, () => this.#keepalive(service, device))
  }

  /** What the device does next: a request, or, without one, something it does alone. */
  #chooseOperation(device: Device): ((service: Service, device: Device) => Promise<void>) | undefined {
    const roll = this.#stage.dice.roll(100)
    if (device.life === undefined || (roll >= 33 && roll < 36)) return this.#register.bind(this)
    if (roll < 30) return this.#keepalive.bind(this)
    if (roll < 33) return this.#unregister.bind(this)
    if (roll < 45) device.drop()
    else if (device.isConnected) device.acknowledgeSome()
    else return this.#connect.bind(this)
    return undefined
  }

  /** Starts an operation without waiting for it: the next step, or a crash, comes in between. */
  #operate(device: Device, operation: () => Promise<void>): void {
    const { service } = this.#stage
    device.isBusy = true
    operation()
      .catch((error: unknown) => this.#refused(device, error))
      .finally(() => {
        if (service === this.#stage.service) device.isBusy = false
      })
  }

  #refused(device: Device, error: unknown): void {
    const stage = this.#stage
    if (!(error instanceof RollcallError)) stage.fail(error)
    else if (error.code === 'endpoint_unknown') {
      stage.guard(() => checkNotEarly(stage, device, 'was refused'))
      device.life = undefined
    } else if (error.code !== 'unavailable') stage.fail(error)
  }

  /** A person answers what rang, whether the device has a link or a registration by now or not. */
  #answer(service: Service, device: Device): void {
    const stage = this.#stage
    const { dice, answers } = stage
    const rung = stage.rung.get(device) ?? []
    if (rung.length === 0) return
    // Mostly what rang last, which may ring at others too.
    const eventId = dice.chance(70) ? (rung.at(-1) ?? '') : dice.pick(rung)
    const { userEndpointId } = device.endpoint
    answers.attempt(eventId)
    const isAhead = stage.aheads > 0
    // Whoever answers has the event.
    stage.receipts.acknowledge(device, eventId)
    const answer = { eventId, userEndpointId, answer: undefined }
    const answered = stage.ask(service, { op: 'answer', endpoint: device.name, eventId }, () =>
      service.delivery.answer(device.endpoint, answer),
    )
    answered.then(
      () => stage.hear(service, () => answers.won(eventId, userEndpointId)),
      (error: unknown) => this.#notAnswered(service, device, { eventId, isAhead }, error),
    )
  }

  #notAnswered(
    service: Service,
    device: Device,
    { eventId, isAhead }: { readonly eventId: string; readonly isAhead: boolean },
    error: unknown,
  ) {
    const stage = this.#stage
    const { answers } = stage
    if (!(error instanceof RollcallError)) return stage.fail(error)
    const { userEndpointId } = device.endpoint
    const answeredBy = error.fields.get('answeredBy')
    if (error.code === 'answered_elsewhere')
      stage.hear(service, () => answers.lost(eventId, userEndpointId, answeredBy))
    else if (error.code === 'not_found') {
      if (!isAhead) stage.hear(service, () => answers.unknown(eventId, device))
    } else if (error.code !== 'unavailable') stage.fail(error)
  }

  async #register(service: Service, device: Device): Promise<void> {
    const stage = this.#stage
    const keepAliveSeconds = 1 + stage.dice.roll(20)
    const calledAtUpMs = stage.upMs()
    const former = device.life
    // Until the answer is there, nobody can say what the server has.
    device.life = undefined
    const { organizationId, userId, userEndpointId } = device.endpoint
    const wanted = { userEndpointId, keepAliveSeconds, serverKeepAliveReminderOn: stage.dice.chance(50) }
    const operation = { op: 'register', endpoint: device.name, keepAliveSeconds } as const
    const registration = await stage.ask(service, operation, () =>
      service.registrar.register({ organizationId, userId }, wanted, FOREVER_MS),
    )
    if (service !== stage.service) return
    if (!this.#registered.has(registration.registrationId))
      stage.webhooks.owe('UserEndpointRegisteredEvent', device.endpoint)
    this.#registered.add(registration.registrationId)
    const isRefresh = former?.registrationId === registration.registrationId
    if (former !== undefined && !isRefresh) stage.guard(() => checkReplaced(device, former, calledAtUpMs))
    device.life = isRefresh
      ? Object.assign(former, { keepAliveSeconds, aliveSinceUpMs: calledAtUpMs })
      : { registrationId: registration.registrationId, keepAliveSeconds, aliveSinceUpMs: calledAtUpMs }
  }

  async #keepalive(service: Service, device: Device): Promise<void> {
    const { life } = device
    const calledAtUpMs = this.#stage.upMs()
    await this.#stage.ask(service, { op: 'keepalive', endpoint: device.name }, () =>
      service.registrar.keepalive(device.endpoint, undefined),
    )
    if (life !== undefined) life.aliveSinceUpMs = Math.max(life.aliveSinceUpMs, calledAtUpMs)
  }

  async #unregister(service: Service, device: Device): Promise<void> {
    const stage = this.#stage
    const { life } = device
    device.life = undefined
    try {
      await stage.ask(service, { op: 'unregister', endpoint: device.name }, () =>
        service.registrar.unregister(device.endpoint),
      )
      if (service === stage.service) stage.webhooks.owe('UserEndpointUnregisteredEvent', device.endpoint)
    } catch (error) {
      if (error instanceof RollcallError && error.code === 'endpoint_unknown') device.life = life
      throw error
    }
  }

  async #connect(service: Service, device: Device): Promise<void> {
    const stage = this.#stage
    const registration = await stage.ask(
      service,
      { op: 'look', endpoint: device.name },
      () => service.registrar.find(device.endpoint),
      (found) => ({ present: found !== undefined }),
    )
    if (service !== stage.service) return
    if (registration === undefined) throw new RollcallError('endpoint_unknown')
    if (registration.registrationId !== device.life?.registrationId) return
    await device.connect(registration, service.delivery.attach, () => stage.step)
  }
}

/** A refresh that came too late gives a new registration; one in time must not. */
function checkReplaced(device: Device, former: Life, calledAtUpMs: number): void {
  if (calledAtUpMs < former.aliveSinceUpMs + former.keepAliveSeconds * 1000)
    throw new Violation(`${device.name} was given a new registration while its old one lived`)
}
