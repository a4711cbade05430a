import { RollcallError } from '@rollcall/protocol/error-code'
import type { App } from '../app-type.ts'

/**
 * Refuses requests whose URL and headers are too long. Node's parser would refuse them too, but in the middle of the
 * headers: whoever asks could not be told in a form that it can read. It takes some more for that.
 */
export function boundHeaders(app: App, bytesMax: number): void {
  app.addHook('onRequest', ({ raw: { url, rawHeaders } }, _reply, done) => {
    let bytes = url?.length ?? 0
    for (const text of rawHeaders) bytes += text.length
    done(bytes > bytesMax ? new RollcallError('headers_too_large') : undefined)
  })
}
