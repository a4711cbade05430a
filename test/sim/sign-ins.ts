import { RollcallError } from '@rollcall/protocol/error-code'
import { REFRESH_REPEAT_MS } from '@rollcall/protocol/limits'
import {
  createRefreshFamilies,
  newRefreshToken,
  OAuthError,
  type RefreshFamilies,
  type RefreshToken,
} from '../../server/src/auth/auth.ts'
import type { Clock, Random } from '../../server/src/clock/clock.ts'
import type { Store } from '../../server/src/store/store.ts'
import type { Dice } from './dice.ts'
import { Violation } from './ledger.ts'

/** What sign-ins are kept in. */
export type SignInStore = Pick<Store, 'refreshFamilies' | 'serviceTime'>

type Surroundings = {
  readonly clock: Clock
  readonly random: Random
  readonly dice: Dice
  fail(error: unknown): void
}

/** A phone's token that it has tried to use and got no answer for, and what is known of that. Service time. */
type Attempt = {
  /** Before this nobody can have used it up. */
  readonly triedAtMs: number
  /** What the server answered for it, durable from `answeredAtMs` on; the phone heard nothing. */
  answer?: { readonly token: RefreshToken; readonly answeredAtMs: number }
}

type Phone = {
  token: RefreshToken | undefined
  attempt: Attempt | undefined
  /** The one before the token. */
  former: RefreshToken | undefined
  /** One whose successor was used. A thief has it. */
  stolen: RefreshToken | undefined
  /** The thief tried it and heard nothing: the sign-in may have ended. */
  isSuspected: boolean
  /** The phone has no network until then, service time. */
  awayUntilMs: number
  isBusy: boolean
}

const PHONES = 6
const AWAY_MS = REFRESH_REPEAT_MS + 10_000
/** A crash sets service time back by no more, time and again: some of them in a minute. */
const SET_BACK_MS_MAX = 5_000
const SILENT = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
}
type Start = Parameters<RefreshFamilies['start']>

const USER: Start[0] = {
  id: 'alice',
  username: 'alice',
  passwordHash: '',
  organizationId: 'acme',
  authorities: [],
  enabled: true,
}
const CLIENT: Start[1] = {
  id: 'customer',
  secretHashes: [],
  organizationId: null,
  authorities: [],
  grants: new Set(['password', 'refresh_token']),
  enabled: true,
}

/**
 * Phones that stay signed in over bad networks, and thieves. What they are promised:
 * - a token whose answer was lost is good again for a minute, and leads to the very token that was answered;
 * - two uses at once lead to one token;
 * - a token whose successor was used, or whose minute is over, is good for nobody and ends the sign-in.
 */
export class SignIns {
  readonly #around: Surroundings
  readonly #phones: readonly Phone[] = Array.from({ length: PHONES }, () => freshPhone())
  #life: { readonly store: SignInStore; readonly families: RefreshFamilies } | undefined
  /** Answers that were lost and given again; thieves that were found out. */
  repeated = 0
  thefts = 0

  constructor(around: Surroundings) {
    this.#around = around
  }

  /** The real thing, on the store of one process's life. What was asked of the last one is never answered. */
  open(store: SignInStore): void {
    const { clock, random } = this.#around
    const families = createRefreshFamilies({
      ...{ store, clock, random, log: SILENT },
      ownerOf: (userId) => ({ organizationId: 'acme', userId }),
      revoked: { add: async () => undefined },
      notices: { announceUser: async () => undefined },
      // The wall clock jumps by a month here and there: that ends none.
      ttlSeconds: 86_400,
      familiesPerUserMax: 1000,
      tokenUseSecondsMax: 1,
      notBeforeWallMs: () => 0,
    })
    this.#life = { store, families }
    for (const phone of this.#phones) phone.isBusy = false
  }

  /** One thing that a phone, or a thief, does. The answer comes later, or never. */
  act(): void {
    const { dice, fail } = this.#around
    const phone = dice.pick(this.#phones)
    const life = this.#life
    if (life === undefined || phone.isBusy || life.store.serviceTime.nowMs() < phone.awayUntilMs) return
    phone.isBusy = true
    this.#choose(phone)
      .catch((error: unknown) => {
        // A disk that refuses: whether anything was done, nobody knows.
        if (!(error instanceof RollcallError && error.code === 'unavailable') && life === this.#life)
          fail(error)
      })
      .finally(() => {
        if (life === this.#life) phone.isBusy = false
      })
  }

  #choose(phone: Phone): Promise<void> {
    if (phone.token === undefined) return this.#signIn(phone)
    if (phone.stolen !== undefined && this.#around.dice.chance(4)) return this.#steal(phone, phone.stolen)
    return this.#refresh(phone, phone.token)
  }

  async #signIn(phone: Phone): Promise<void> {
    const life = this.#life
    const first = newRefreshToken(this.#around.random)
    await life?.families.start(USER, CLIENT, first)
    if (life === this.#life) Object.assign(phone, freshPhone(), { token: first, isBusy: true })
  }

  async #refresh(phone: Phone, token: RefreshToken): Promise<void> {
    const life = this.#life
    if (life === undefined) return
    const { dice } = this.#around
    const calledAtMs = life.store.serviceTime.nowMs()
    phone.attempt ??= { triedAtMs: calledAtMs }
    const { attempt } = phone
    const uses = Array.from({ length: dice.chance(20) ? 2 : 1 }, () => rotate(life.families, token))
    const answers = await Promise.all(uses)
    if (life !== this.#life) return
    const [answer] = answers
    if (answers.some((other) => other?.secret !== answer?.secret))
      throw new Violation('two uses of a refresh token at once had two outcomes')
    if (answer === undefined) {
      this.#refused(phone, attempt, calledAtMs)
      return
    }
    this.#checkAnswer(attempt, answer, calledAtMs)
    attempt.answer ??= { token: answer, answeredAtMs: life.store.serviceTime.nowMs() }
    if (dice.chance(40)) {
      if (dice.chance(8)) phone.awayUntilMs = calledAtMs + AWAY_MS
      return
    }
    Object.assign(phone, { token: answer, attempt: undefined, former: token, stolen: phone.former })
  }

  #checkAnswer({ answer: known }: Attempt, answer: RefreshToken, calledAtMs: number): void {
    if (known === undefined) return
    if (answer.secret !== known.token.secret)
      throw new Violation('a refresh token gave another successor than before')
    if (calledAtMs >= known.answeredAtMs + REFRESH_REPEAT_MS + SET_BACK_MS_MAX)
      throw new Violation('a used refresh token was good long after its minute')
    this.repeated++
  }

  #refused(phone: Phone, { triedAtMs }: Attempt, calledAtMs: number): void {
    if (!phone.isSuspected && calledAtMs < triedAtMs + REFRESH_REPEAT_MS)
      throw new Violation('a lost refresh answer ended a sign-in')
    this.thefts++
    Object.assign(phone, freshPhone(), { isBusy: true })
  }

  async #steal(phone: Phone, stolen: RefreshToken): Promise<void> {
    const life = this.#life
    if (life === undefined) return
    phone.isSuspected = true
    const taken = await rotate(life.families, stolen)
    if (life !== this.#life) return
    if (taken !== undefined) throw new Violation('a refresh token was good after its successor was used')
    const { token } = phone
    if (token !== undefined && (await rotate(life.families, token)) !== undefined)
      throw new Violation('a sign-in went on after a theft')
    if (life !== this.#life) return
    this.thefts++
    Object.assign(phone, freshPhone(), { isBusy: true })
  }
}

function freshPhone(): Phone {
  return {
    token: undefined,
    attempt: undefined,
    former: undefined,
    stolen: undefined,
    isSuspected: false,
    awayUntilMs: 0,
    isBusy: false,
  }
}

/** The next token; `undefined` where the one presented is refused. */
async function rotate(families: RefreshFamilies, token: RefreshToken): Promise<RefreshToken | undefined> {
  try {
    if ((await families.find(token)) === undefined) return undefined
    return await families.rotate(token, USER)
  } catch (error) {
    if (error instanceof OAuthError) return undefined
    throw error
  }
}
