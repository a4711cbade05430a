import type { ClientClock } from '../platform.ts'
import { SdkError } from '../sdk-error.ts'
import type { State, States } from './states.ts'

/** Longer than a restart of the server takes, shorter than the patience of whoever has just started a page. */
const NOT_ONLINE_MS = 5_000

type Options = {
  readonly url: string
  readonly clock: ClientClock
  readonly onError: (error: SdkError) => void
}

/**
 * Tells whoever follows no states what they would never hear: that it is over although nobody ended it, and, once until
 * it works again, that it has not worked for a while.
 */
export function tellTrouble(states: States, { url, clock, onError }: Options): void {
  let timer: { cancel(): void } | undefined
  const begin = (): void => {
    timer ??= clock.after(NOT_ONLINE_MS, () => onError(notOnline(url, states.current)))
  }
  const stop = (): void => {
    timer?.cancel()
    timer = undefined
  }
  begin()
  states.listen((state) => {
    const { status, reason, error } = state
    if (status === 'online' || status === 'closed') stop()
    else begin()
    if (status === 'closed' && reason !== 'closed_by_app' && reason !== 'aborted')
      onError(new SdkError('ended', `Not reachable any more (${reason}): ${textOf(error)}`, { cause: error }))
  })
}

function notOnline(url: string, { error }: State): SdkError {
  const text = `Not reachable for ${NOT_ONLINE_MS / 1000} s, still trying: ${error?.message ?? `${url} has not answered yet.`}`
  return new SdkError('not_online', text, { cause: error })
}

function textOf(error: Error | undefined): string {
  return error?.message ?? 'no reason is known.'
}
