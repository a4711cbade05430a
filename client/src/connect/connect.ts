import type { AnyEvents } from '../event-types.ts'
import { createTabsCarrier } from '../tabs/tabs-carrier.ts'
import { createOwnCarrier } from './carrier.ts'
import { type ConnectOptions, readOptions } from './options.ts'
import { Reachability } from './reachability.ts'
import type { Registration } from './registration.ts'

export type { Registration } from './registration.ts'

/**
 * Makes this app or tab reachable, and hands the events that are sent to it to `on` and `onEvent`, until closed. Returns
 * at once; `online()` tells when it works, `state` why it does not.
 *
 * @typeParam Events what the app's events hold, by type: `connect<{ CallOfferedEvent: { caller: string } }>({ … })`.
 *   Default: anything.
 * @throws SdkError `invalid_option`, `unsupported_platform`
 */
export function connect<Events extends object = AnyEvents>(options: ConnectOptions<Events>): Registration
export function connect(options: ConnectOptions): Registration {
  const settings = readOptions(options)
  const carrier = settings.shareSocket ? createTabsCarrier(settings) : createOwnCarrier(settings)
  const reachability = new Reachability(settings, carrier)
  reachability.start()
  return reachability
}
