import type { Statistics } from '@rollcall/protocol/statistics'
import type { Api, Options } from '../../api/api.ts'
import { fields } from '../../api/parse.ts'

/** Asks how an organization is doing; role SERVICE without a name: how all are. */
export async function askStatistics(
  { backend }: Api,
  { organizationId, signal }: Options,
): Promise<Statistics> {
  const query = organizationId === undefined ? '' : `?${new URLSearchParams({ organizationId })}`
  const answer = await backend.request(`/rtc-api/statistics${query}`, signal === undefined ? {} : { signal })
  if (isStatistics(answer)) return answer
  throw new Error('The server’s answer is not what the API promises. It may be another version.')
}

function isStatistics(value: unknown): value is Statistics {
  const { at, since, registrations, qos1, deliveryMs } = fields(value)
  return (
    typeof at === 'string' &&
    typeof since === 'string' &&
    typeof registrations === 'number' &&
    typeof fields(qos1)['events'] === 'number' &&
    Array.isArray(fields(deliveryMs)['bounds'])
  )
}
