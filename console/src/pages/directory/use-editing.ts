import { RollcallError } from '@rollcall/client'
import { useState } from 'preact/hooks'
import type { DirectoryApi, DirectoryEntry } from '../../api/directory.ts'
import type { Options } from '../../api/options.ts'
import type { Problem } from '../../api/problem.ts'
import { optionsOf, type Scope } from '../../session/scope.ts'
import { CHANGING, type Did, lastOf } from './audit-words.ts'
import { changesIn, type Filled, filledFrom, settled } from './filled.ts'
import type { Field, Kind } from './kinds.ts'
import { type Difference, meanwhile } from './meanwhile.ts'
import { useChange } from './use-change.ts'

/** Somebody else was first. */
export type Clash = {
  readonly by: Did | undefined
  /** `undefined`: it was removed. */
  readonly differences: readonly Difference[] | undefined
}

type State = {
  /** As it was seen last: what a change is made to. */
  readonly seen: DirectoryEntry
  readonly filled: Filled
  readonly newSecret: string | undefined
  readonly said: string | undefined
  readonly clash: Clash | undefined
}

export type Editing = State & {
  readonly problem: Problem | undefined
  readonly isBusy: boolean
  readonly fill: (filled: Filled) => void
  readonly save: () => void
  readonly rotateSecret: () => void
  readonly removeFormerSecret: () => void
  readonly remove: () => void
}

/** An entry that is being changed: what is written in its form outlives whatever anybody else does to it. */
export function useEditing(
  { kind, fields, secret = 'secret' }: Pick<Kind, 'kind' | 'fields' | 'secret'>,
  first: DirectoryEntry,
  scope: Scope,
  onRemoved: () => void,
): Editing {
  const [state, setState] = useState<State>(() => ({
    seen: first,
    filled: filledFrom(fields, first.members),
    newSecret: undefined,
    ...QUIET,
  }))
  const { problem, isBusy, run } = useChange(scope)
  const { directory } = scope.session.api
  const options = optionsOf(scope)
  /** Does something to the entry as it was seen, or says who was first. What is written meanwhile stays. */
  const attempt = (work: () => Promise<((old: State) => State) | undefined>): void =>
    run(async () => {
      setState((old) => ({ ...old, ...QUIET }))
      try {
        const next = await work()
        if (next !== undefined) setState(next)
      } catch (error) {
        if (!isLate(error)) throw error
        const { now, by } = await whatHappened(directory, kind, state.seen.id, options)
        setState((old) => overtaken(old, fields, now, by))
      }
    })
  const beside =
    (seen: DirectoryEntry, said: string) =>
    (old: State): State => ({ ...old, seen, newSecret: seen.newSecret, said })
  return {
    ...state,
    problem,
    isBusy,
    fill: (filled) => setState((old) => ({ ...old, filled })),
    save: () =>
      attempt(async () => {
        const members = changesIn(fields, state.filled, state.seen.members)
        if (Object.keys(members).length === 0) return (old) => ({ ...old, said: 'Nothing was changed' })
        const seen = await directory.change(kind, state.seen, members, options)
        const saved = filledFrom(fields, seen.members)
        return (old) => ({
          ...old,
          seen,
          filled: settled(old.filled, state.filled, saved),
          said: 'Saved, and in force',
        })
      }),
    rotateSecret: () =>
      attempt(async () =>
        beside(await directory.rotateSecret(kind, state.seen, options), `It has a new ${secret}`),
      ),
    removeFormerSecret: () =>
      attempt(async () =>
        beside(
          await directory.removeFormerSecret(kind, state.seen, options),
          'Only the newest secret is good now',
        ),
      ),
    remove: () =>
      attempt(async () => {
        await directory.remove(kind, state.seen, options)
        onRemoved()
        return undefined
      }),
  }
}

const QUIET = { said: undefined, clash: undefined } as const

function isLate(error: unknown): boolean {
  return error instanceof RollcallError && ['precondition_failed', 'not_found'].includes(error.code)
}

/** Looks what became of the entry, and who did that. */
async function whatHappened(directory: DirectoryApi, kind: Kind['kind'], id: string, options: Options) {
  const [now, by] = await Promise.all([
    directory.find(kind, id, options).catch((error: unknown) => {
      if (isLate(error)) return undefined
      throw error
    }),
    // Best effort: that somebody was first is said in any case.
    directory
      .audit({ entryKind: kind, entryId: id, limit: '20' }, options)
      .then(({ lines }) => lastOf(lines, CHANGING))
      .catch(() => undefined),
  ])
  return { now, by }
}

/** Nothing that was written is lost. @param now `undefined`: it was removed */
function overtaken(
  old: State,
  fields: readonly Field[],
  now: DirectoryEntry | undefined,
  by: Did | undefined,
): State {
  if (now === undefined) return { ...old, clash: { by, differences: undefined } }
  const { filled, differences } = meanwhile(fields, old.seen, now, old.filled)
  return { ...old, seen: now, filled, clash: { by, differences } }
}
