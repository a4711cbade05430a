import type { Happening } from '@rollcall/protocol/nodes'
import type { Clock } from './clock/clock.ts'

/** How many are kept, and told. */
const KEPT_MAX = 50
/** What several processes see within so long is one thing: the slowest finds out a burial or a dead Redis so much later. */
const SAME_WITHIN_MS = 30_000

/** What happened to the processes of the service and to their Redis. */
export type Happened = Omit<Happening, 'at' | 'seenBy'> & { readonly atWallMs: number }

/** The last things that this process saw happen: in memory, and bounded. */
export class Happenings {
  readonly #clock: Pick<Clock, 'wallMs'>
  /** Oldest first. */
  #all: readonly Happened[] = []

  constructor(clock: Pick<Clock, 'wallMs'>) {
    this.#clock = clock
  }

  add(what: Omit<Happened, 'atWallMs'>): void {
    this.#all = [...this.#all, { ...what, atWallMs: this.#clock.wallMs() }].slice(-KEPT_MAX)
  }

  /** Oldest first. */
  read(): readonly Happened[] {
    return this.#all
  }

  /** The last of its kind. */
  last(kind: Happened['kind']): Happened | undefined {
    return this.#all.findLast((one) => one.kind === kind)
  }
}

type Seen = { readonly what: Happened; readonly seenBy: readonly string[] }

/** What several saw, each thing once, as the first of them saw it: the newest first. */
export function together(lists: ReadonlyMap<string, readonly Happened[]>): readonly Happening[] {
  const all = [...lists].flatMap(([name, list]) => list.map((what) => ({ name, what })))
  all.sort((a, b) => a.what.atWallMs - b.what.atWallMs)
  const things: Seen[] = []
  const lastOf = new Map<string, number>()
  for (const { name, what } of all) {
    const key = JSON.stringify([what.kind, what.node, what.redis, what.from, what.to])
    const at = lastOf.get(key)
    const known = at === undefined ? undefined : things[at]
    if (at !== undefined && known !== undefined && isSame(known, name, what))
      things[at] = { ...known, seenBy: [...known.seenBy, name] }
    else lastOf.set(key, things.push({ what, seenBy: [name] }) - 1)
  }
  return things.slice(-KEPT_MAX).reverse().map(told)
}

/** What one has seen twice happened twice. */
function isSame({ what, seenBy }: Seen, name: string, other: Happened): boolean {
  return other.atWallMs - what.atWallMs < SAME_WITHIN_MS && !seenBy.includes(name)
}

function told({ what: { atWallMs, ...what }, seenBy }: Seen): Happening {
  return { at: new Date(atWallMs).toISOString(), ...what, seenBy }
}
