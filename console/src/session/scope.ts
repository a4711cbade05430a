import type { Options } from '../api/api.ts'
import type { Session } from './session.ts'

/** What every page gets. */
export type Scope = {
  readonly session: Session
  /** Whose: the session's own, or what role SERVICE has named at the top; `undefined`: it has named none. */
  readonly organizationId: string | undefined
  /** To be told of what a request has thrown, so that an ended sign-in is noticed wherever it shows. */
  readonly onProblem: (thrown: unknown) => void
}

/** Options for a request within a scope. */
export function optionsOf({ organizationId }: Pick<Scope, 'organizationId'>, signal?: AbortSignal): Options {
  return {
    ...(organizationId === undefined ? {} : { organizationId }),
    ...(signal === undefined ? {} : { signal }),
  }
}
