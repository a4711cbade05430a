import type { UserName } from '../lines.ts'
import { type Call, glimpse, mayCount } from './calls.ts'
import type { Faults } from './faults.ts'
import { beginCall } from './life-rules.ts'
import { type Life, userOf } from './lives.ts'

/**
 * Calls that end all registrations of a user: they are about endpoints too of which nobody had spoken when they began. What is
 * of unknown outcome may take effect later still.
 */
export class UserEndings {
  readonly #underWay = new Map<UserName, Set<Call>>()
  readonly #mayEndUntilMs = new Map<UserName, number>()

  begin(user: UserName, call: Call): void {
    this.#underWay.set(user, (this.#underWay.get(user) ?? new Set()).add(call))
  }

  end(user: UserName, call: Call, lateEffectMs: number): void {
    const calls = this.#underWay.get(user)
    calls?.delete(call)
    if (calls?.size === 0) this.#underWay.delete(user)
    if (call.end?.line.outcome === 'ok' || !mayCount(call)) return
    const untilMs = call.begin.line.atMs + lateEffectMs
    this.#mayEndUntilMs.set(user, Math.max(untilMs, this.#mayEndUntilMs.get(user) ?? untilMs))
  }

  /** Somebody speaks of an endpoint for the first time. */
  meet(life: Life, faults: Pick<Faults, 'outages'>): void {
    const user = userOf(life.endpoint)
    for (const call of this.#underWay.get(user) ?? []) {
      call.about = [...call.about, glimpse(life, faults)]
      beginCall(call, life)
    }
    life.mayEndUntilMs = Math.max(life.mayEndUntilMs, this.#mayEndUntilMs.get(user) ?? life.mayEndUntilMs)
  }

  forget(nowMs: number): void {
    for (const [user, untilMs] of this.#mayEndUntilMs) if (untilMs < nowMs) this.#mayEndUntilMs.delete(user)
  }
}
