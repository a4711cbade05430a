import { errorObject } from '@rollcall/protocol/error-code'
import type { Principal } from '../../auth/auth.ts'
import type { BulkItem, SendResult } from '../../delivery/delivery.ts'
import { logUnexpected } from '../plugins/errors.ts'
import type { HttpServices } from '../services.ts'
import { toRollcallError } from './error-body.ts'

type Services = Pick<HttpServices, 'delivery' | 'metrics' | 'log'>
/** What the log says of a request. */
type Asked = Parameters<typeof logUnexpected>[2]

/** Sends what a bulk request asks for; resolves with what came of each event, as JSON. */
export async function sendAll(
  services: Services,
  caller: Principal,
  groups: AsyncIterable<BulkItem[]>,
  asked: Asked,
): Promise<readonly string[]> {
  const answers: string[] = []
  for await (const group of groups)
    for (const settled of await services.delivery.sendEvents(caller, group))
      answers.push(answerOf(services, settled, asked))
  return answers
}

function answerOf(
  { metrics, log }: Services,
  settled: PromiseSettledResult<SendResult>,
  asked: Asked,
): string {
  if (settled.status === 'fulfilled') {
    const { count, eventId } = settled.value
    return JSON.stringify({ count, eventId })
  }
  const { error, isUnexpected } = toRollcallError(settled.reason)
  if (isUnexpected) logUnexpected(log, settled.reason, asked)
  metrics.refused('http', error.code)
  return JSON.stringify(errorObject(error))
}
