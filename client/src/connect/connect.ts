import { createTabsCarrier } from '../tabs/tabs-carrier.ts'
import { createOwnCarrier } from './carrier.ts'
import { type ConnectOptions, readOptions } from './options.ts'
import { Reachability } from './reachability.ts'
import type { State } from './states.ts'

/** One's being reachable: lives until closed, whatever happens to networks, servers and tokens. */
export interface Registration {
  readonly state: State
  /** Known once it was claimed, which is before the first request. */
  readonly userEndpointId: string | undefined
  /**
   * Resolves as soon as events come.
   *
   * @throws SdkError `aborted` with what kept it from coming as its `cause`; the error of `closed`
   */
  online(options?: { readonly signal?: AbortSignal }): Promise<void>
  /** Calls `listener` at every change of state. Returns how to stop. */
  onState(listener: (state: State) => void): () => void
  /** The state now, and each that follows; ends after `closed`, or when the signal is aborted. */
  states(options?: { readonly signal?: AbortSignal }): AsyncIterableIterator<State>
  /**
   * Unregisters, so that nobody rings a device that is gone, and stops. Idempotent; resolves also where the server
   * cannot be told (the endpoint then expires).
   */
  close(options?: { readonly reason?: string; readonly signal?: AbortSignal }): Promise<void>
}

/**
 * Makes this app or tab reachable, and hands the events that are sent to it to `onEvent`, until closed. Returns at
 * once; `online()` tells when it works, `state` why it does not.
 *
 * @throws SdkError `invalid_option`, `unsupported_platform`
 */
export function connect(options: ConnectOptions): Registration {
  const settings = readOptions(options)
  const carrier = settings.shareSocket ? createTabsCarrier(settings) : createOwnCarrier(settings)
  const reachability = new Reachability(settings, carrier)
  reachability.start()
  return reachability
}
