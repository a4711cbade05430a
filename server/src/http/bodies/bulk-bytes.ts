import { Transform } from 'node:stream'
import { RollcallError } from '@rollcall/protocol/error-code'
import type { preParsingHookHandler, RequestPayload } from 'fastify'
import { holderOf, type Limits } from '../../limits/limits.ts'
import { callerOf } from '../plugins/authenticate.ts'

/**
 * Counts the bytes of bulk requests as they come, and holds them until the request is over: what is announced and
 * never sent holds nothing. Where its caller is over its share the request is refused, and nothing was sent.
 */
export function countBytes(limits: Pick<Limits, 'ledger'>): preParsingHookHandler {
  return (request, { raw }, payload, done) => {
    const holder = holderOf(callerOf(request))
    const releases: (() => void)[] = []
    raw.once('close', () => {
      for (const release of releases) release()
    })
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, next) {
        const release = limits.ledger.bulkBytes.take(holder, chunk.length)
        if (release === undefined) return next(noRoom())
        releases.push(release)
        next(null, chunk)
      },
    })
    done(null, countedPayload(payload, counted))
  }
}

/** As the framework wants it: it compares what came with what was announced. */
function countedPayload(payload: RequestPayload, counted: Transform): RequestPayload {
  let receivedEncodedLength = 0
  payload.on('data', (chunk: Buffer) => {
    receivedEncodedLength += chunk.length
  })
  payload.on('error', (error) => counted.destroy(error))
  payload.pipe(counted)
  return Object.defineProperty(counted, 'receivedEncodedLength', { get: () => receivedEncodedLength })
}

function noRoom(): RollcallError {
  return new RollcallError('unavailable', 'Too many bulk requests are under way.', { retryAfterSeconds: 1 })
}
