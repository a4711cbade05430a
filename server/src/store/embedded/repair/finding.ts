import { DamageError } from '../disk/damage.ts'

/** What is known of a file of the store. */
export type Finding = {
  readonly file: string
  readonly isGood: boolean
  readonly what: string
  /** What of it cannot be read, one line each. */
  readonly lost: readonly string[]
}

export function good(file: string, what: string): Finding {
  return { file, isGood: true, what, lost: [] }
}

export function bad(file: string, what: string, lost: readonly string[]): Finding {
  return { file, isGood: false, what, lost }
}

/** Runs what may meet damage; gives the damage where it does. */
export function orDamage<T>(run: () => T): T | DamageError {
  try {
    return run()
  } catch (error) {
    if (error instanceof DamageError) return error
    throw error
  }
}

/** A number and its noun, in the plural where it is one. */
export function counted(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? '' : 's'}`
}
