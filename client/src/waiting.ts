import type { ClientClock } from './platform.ts'
import { SdkError } from './sdk-error.ts'

/** What an aborted signal is reported as. */
export function abortedError(signal: AbortSignal): SdkError {
  return new SdkError('aborted', undefined, { cause: signal.reason })
}

/** Calls `run` when the signal is or becomes aborted. Returns how to stop listening. */
export function onAbort(signal: AbortSignal | undefined, run: () => void): () => void {
  if (signal === undefined) return () => undefined
  if (signal.aborted) run()
  else signal.addEventListener('abort', run, { once: true })
  return () => signal.removeEventListener('abort', run)
}

/**
 * Runs `work` under a signal that is aborted after `timeoutMs` or with `signal`, and does not wait for work that
 * ignores it.
 *
 * @throws SdkError `timeout` naming `what`, `aborted`; and what `work` rejects with
 */
export async function withTimeout<T>(
  {
    clock,
    timeoutMs,
    signal,
    what,
  }: {
    readonly clock: ClientClock
    readonly timeoutMs: number
    readonly signal: AbortSignal | undefined
    readonly what: string
  },
  work: (signal: AbortSignal) => T | Promise<T>,
): Promise<T> {
  if (signal?.aborted) throw abortedError(signal)
  const controller = new AbortController()
  let stop = (): void => undefined
  const ended = new Promise<never>((_resolve, reject) => {
    const end = (error: SdkError): void => {
      reject(error)
      controller.abort(error)
    }
    const seconds = Math.round(timeoutMs / 100) / 10
    const timer = clock.after(timeoutMs, () =>
      end(new SdkError('timeout', `${what}: no answer in ${seconds} s.`)),
    )
    const unlisten = onAbort(signal, () => signal !== undefined && end(abortedError(signal)))
    stop = () => {
      timer.cancel()
      unlisten()
    }
  })
  try {
    return await Promise.race([ended, (async () => work(controller.signal))()])
  } finally {
    stop()
  }
}

/** Waits `delayMs`, or until `signal` is aborted or `wake` is called, which resolve it as well. */
export function sleep(
  clock: ClientClock,
  delayMs: number,
  signal: AbortSignal,
  onWake: (wake: () => void) => void = () => undefined,
): Promise<void> {
  return new Promise((resolve) => {
    let unlisten = (): void => undefined
    const done = (): void => {
      timer.cancel()
      unlisten()
      resolve()
    }
    const timer = clock.after(delayMs, done)
    onWake(done)
    unlisten = onAbort(signal, done)
  })
}
