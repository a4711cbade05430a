import { bury } from '../helpers/dead-letters.ts'

const ENDPOINTS = [
  ['alice', 'alices-phone'],
  ['alice', 'alices-laptop'],
  ['carla', 'carlas-phone'],
  ['emma', 'emmas-tablet'],
  ['farid', 'farids-phone'],
  ['hugo', 'hugos-phone'],
].map(([userId = '', userEndpointId = '']) => ({ userId, userEndpointId }))

const HOUR_MS = 3_600_000

/** Leaves a data folder with dead letters of a webhook in it, which were tried for a day and given up an hour ago. */
export function buryDeadLetters(dataDir: string, webhookId: string): Promise<void> {
  return bury(dataDir, {
    webhookId,
    endpoints: ENDPOINTS,
    failure: 'status_503',
    happenedAgoMs: 25 * HOUR_MS,
    buriedAgoMs: HOUR_MS,
  })
}
