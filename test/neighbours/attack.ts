import type { Plant } from './plants.ts'
import type { Scene } from './scene.ts'
import type { Target } from './target.ts'
import type { Tally } from './tools.ts'
import type { Victim } from './victim.ts'

/**
 * One neighbour that takes what it can get. It runs in a process of its own, beside the victim, against a real
 * server; everything it does is bounded by `signal`.
 */
export type Attack = {
  /** As on the command line: `npm run neighbours -- masks`. */
  readonly name: string
  /** What nobody may take from the victim. */
  readonly protects: string
  /** Only with `--all`. */
  readonly isLong?: boolean
  /** What it takes shows in latencies, or after some seconds: only in `npm run neighbours`, alone on the machine. */
  readonly isMeasured?: boolean
  /** Configuration that makes a bound small enough to be met in seconds. */
  readonly env?: Readonly<Record<string, string>>
  /** The same for bounds that nobody can configure. */
  readonly plants?: readonly Plant[]
  /** What takes its protection away: then it must be felt. `npm run neighbours -- --without` shows that. */
  readonly without: {
    readonly env?: Readonly<Record<string, string>>
    readonly plants?: readonly Plant[]
  }
  /** Attacks until the signal; resolves soon after it. What the server refuses is no error, and is counted. */
  run(target: Target, signal: AbortSignal): Promise<Tally | readonly Tally[]>
  /** What its tally has to say, where the attacker itself sees whether it was held off. */
  readonly mustTell?: RegExp
  /** Done by the victim before the attack. */
  prepare?(scene: Scene, victim: Victim): Promise<void>
  /** What the victim must be able to do while the attack goes on, begun in its second half. */
  during?(scene: Scene, victim: Victim): Promise<void>
  /** What must hold besides, judged by the victim's process after the attack. */
  judge?(scene: Scene, victim: Victim): Promise<void>
}
