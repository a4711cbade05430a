import { RecordedDevice } from '../helpers/recorded-device.ts'
import { count, type SoakCaller, type Surroundings } from './soak-caller.ts'

/** Longest time between two pings of a link, seconds: thousands of devices share one process here. */
const PING_SECONDS = 60

/** A device on a bad network, whose owner sometimes puts it away. */
export class SoakDevice {
  readonly #surroundings: Surroundings
  readonly #user: SoakCaller
  readonly #device: RecordedDevice
  /** It does nothing of its own accord before. */
  #awayUntilMs = 0

  constructor(surroundings: Surroundings, user: SoakCaller, userEndpointId: string) {
    const { recorder, url, pace, dice } = surroundings
    this.#surroundings = surroundings
    this.#user = user
    this.#device = new RecordedDevice({
      recorder,
      url: () => url,
      organizationId: 'acme',
      userId: user.name,
      userEndpointId,
      credential: () => ({ accessToken: user.accessToken, token: user.tokenName }),
      keepAliveSeconds: pace.keepAliveSeconds,
      pingSeconds: PING_SECONDS,
      // Links end between an event and its PUBACK.
      slowMs: () => (dice.chance(10) ? 150 : 0),
    })
  }

  get name(): string {
    return this.#device.name
  }

  get lastMs(): number {
    return this.#device.lastMs
  }

  get isThere(): boolean {
    return this.#device.isRegistered && this.#device.isConnected
  }

  /** One thing that it does; the next one after `#restMs`. */
  async act(): Promise<void> {
    if (performance.now() < this.#awayUntilMs) return
    await this.#user.renew()
    if (!this.isThere) return this.comeBack()
    const roll = this.#surroundings.dice.roll(100)
    if (roll < 5) this.#dies()
    else if (roll < 10) this.#hides()
    else if (roll < 25) this.#loses()
    else if (roll < 27) await this.#leaves()
    else await this.#device.keepalive()
  }

  /** Twice in the time of a registration, as good clients do. */
  restMs(): number {
    const { dice, pace } = this.#surroundings
    return pace.keepAliveSeconds * (250 + dice.roll(200))
  }

  /** Registers and connects, whatever it knows of itself: what was put away may have expired. */
  async comeBack(): Promise<void> {
    this.#awayUntilMs = 0
    await this.#user.renew()
    const wasThere = this.isThere
    if (this.#device.isRegistered) await this.#device.keepalive()
    if (!this.#device.isRegistered) await this.#device.register()
    if (this.#device.isRegistered && !this.#device.isConnected) await this.#device.connect()
    if (!wasThere && this.isThere) count(this.#surroundings.done, 'came back')
  }

  async end(): Promise<void> {
    await this.#device.end()
  }

  /** The network is gone for a moment. */
  #loses(): void {
    this.#device.drop()
    count(this.#surroundings.done, 'lost the link')
  }

  /** A tab that the browser has put to sleep: the link stays, and nothing keeps it alive. */
  #hides(): void {
    this.#away(2)
    count(this.#surroundings.done, 'hid')
  }

  #dies(): void {
    this.#device.drop()
    this.#away(3)
    count(this.#surroundings.done, 'died')
  }

  async #leaves(): Promise<void> {
    await this.#device.unregister()
    count(this.#surroundings.done, 'unregistered')
  }

  #away(periodsMax: number): void {
    const { dice, pace } = this.#surroundings
    this.#awayUntilMs = performance.now() + pace.keepAliveSeconds * (1_000 + dice.roll(1_000 * periodsMax))
  }
}
