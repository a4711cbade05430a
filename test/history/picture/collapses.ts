import type { Send } from '../lines.ts'
import { type Call, mayCount } from './calls.ts'

type Key = { newest: Call<Send>; readonly open: Set<Call<Send>>; mayCountUntilMs: number }

/** Which events may have made room for a newer one of their `collapseKey`. */
export class Collapses {
  readonly #byKey = new Map<string, Key>()
  /** Those that were sent while another of their key was under way: either may be the newer. */
  readonly #rivalled = new WeakSet<Call<Send>>()

  begin(call: Call<Send>): void {
    const name = nameOf(call)
    if (name === undefined) return
    const key = this.#byKey.get(name) ?? { newest: call, open: new Set(), mayCountUntilMs: 0 }
    this.#byKey.set(name, key)
    if (key.open.size > 0 || call.begin.line.atMs <= key.mayCountUntilMs) this.#rivalled.add(call)
    key.newest = call
    key.open.add(call)
  }

  end(call: Call<Send>, lateEffectMs: number): void {
    const key = this.#byKey.get(nameOf(call) ?? '')
    key?.open.delete(call)
    if (key === undefined || call.end?.line.outcome === 'ok' || !mayCount(call)) return
    key.mayCountUntilMs = Math.max(key.mayCountUntilMs, call.begin.line.atMs + lateEffectMs)
  }

  mayBeReplaced(call: Call<Send>): boolean {
    const name = nameOf(call)
    return name !== undefined && (this.#rivalled.has(call) || this.#byKey.get(name)?.newest !== call)
  }

  forget(call: Call<Send>): void {
    const name = nameOf(call)
    if (name !== undefined && this.#byKey.get(name)?.newest === call) this.#byKey.delete(name)
  }
}

function nameOf({ begin }: Call<Send>): string | undefined {
  const { by, to, collapseKey } = begin.line
  return collapseKey === undefined ? undefined : JSON.stringify([by, to, collapseKey])
}
