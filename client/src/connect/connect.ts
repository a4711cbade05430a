import type { AnyEvents } from '../event-types.ts'
import { createStreamCarrier } from '../stream/stream.ts'
import { createTabsCarrier } from '../tabs/tabs-carrier.ts'
import { type Carrier, createOwnCarrier } from './carrier.ts'
import { createFallbackCarrier } from './fallback.ts'
import { type ConnectOptions, readOptions, type Settings } from './options.ts'
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
  const carrier = carrierOf(settings)
  const reachability = new Reachability(settings, carrier)
  reachability.start()
  return reachability
}

function carrierOf(settings: Settings): Carrier {
  const stream = createStreamCarrier(settings)
  if (settings.transport === 'stream') return stream
  const webSocket = settings.shareSocket ? createTabsCarrier(settings) : createOwnCarrier(settings)
  return settings.transport === 'websocket'
    ? webSocket
    : createFallbackCarrier({ ...settings, webSocket, stream })
}
