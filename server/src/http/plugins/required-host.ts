import { RollcallError } from '@rollcall/protocol/error-code'
import type { App } from '../app-type.ts'

/**
 * Refuses whoever asks by a name that is not this server's. A page elsewhere may have its own name resolved to this
 * machine ("DNS rebinding"), and is then of the same origin for its browser: only the name that it asks by gives it away.
 */
export function requireHost(app: App, isHostAllowed: (host: string | undefined) => boolean): void {
  app.addHook('onRequest', (request, _reply, done) => {
    done(isHostAllowed(request.raw.headers.host) ? undefined : wrongHost())
  })
}

function wrongHost(): RollcallError {
  return new RollcallError(
    'forbidden',
    'With the demo directory only localhost is answered. Other names need DIRECTORY_FILE.',
  )
}
