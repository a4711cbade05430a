import type { Clock } from '../../../server/src/clock/clock.ts'
import type { SigningKey } from '../../../server/src/store/store.ts'
import { forge, testSigningKey } from '../../helpers/auth-fixture.ts'
import type { RecordedCall, Recorder } from '../../history/recorder.ts'
import type { Dice } from '../dice.ts'
import type { ServiceProcess } from './process.ts'

type Token = { readonly name: string; readonly token: string }
type Ask<Answer> = (call: RecordedCall, run: () => Promise<Answer>) => Promise<void>

const ALICE = { organizationId: 'acme', userId: 'alice' }

/**
 * Alice's access tokens; with each she looks for her phone. Now and then all that she has are revoked, and her registrations
 * end.
 */
export class Tokens {
  readonly signingKey: SigningKey
  readonly #clock: Clock
  readonly #recorder: Recorder
  /** Of before the last revocation too: they must be refused. */
  #known: Token[] = []
  #issued = 0

  constructor(clock: Clock, recorder: Recorder) {
    this.#clock = clock
    this.#recorder = recorder
    this.signingKey = testSigningKey(clock)
  }

  #issue(): Token {
    const name = `token-${++this.#issued}`
    const call = this.#recorder.begin({ op: 'token', user: 'acme/alice', issues: name })
    const issued = { name, token: forge(this.#clock, { claims: { jti: name } }) }
    this.#known.push(issued)
    call.ok()
    return issued
  }

  /** As `POST /users/{id}/revoke`: she is signed out, and not registered any more. */
  revoke(process: ServiceProcess, ask: Ask<void>): void {
    if (this.#known.length === 0) this.#issue()
    const call = this.#recorder.begin({ op: 'revoke', user: 'acme/alice' })
    const run = async () => {
      await process.auth?.revokeUser(ALICE)
      await process.registrar.unregisterAll(ALICE, 'revoked')
    }
    void ask(call, run).then(() => this.#issue())
  }

  async use(process: ServiceProcess, dice: Dice, ask: Ask<boolean>): Promise<void> {
    const { name, token } = this.#known.at(-1 - dice.roll(3)) ?? this.#known.at(-1) ?? this.#issue()
    // Its signature takes real time, which must not tell: from now on it is known.
    const known = async () => void (await process.auth?.authenticate(token))
    await known().catch(() => undefined)
    const call = this.#recorder.begin({ op: 'look', endpoint: 'acme/alice/phone', token: name })
    void ask(call, async () => {
      await process.auth?.authenticate(token)
      const sightings = await process.registrar.look([{ ...ALICE, userEndpointId: 'phone' }], {})
      return sightings.length > 0
    })
  }
}
