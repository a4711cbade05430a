import { createHmac } from 'node:crypto'
import type { IceServers } from '@rollcall/protocol/command'
import { JSON_TYPE } from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import { callerOf } from '../plugins/authenticate.ts'
import { answerRef, json, NEEDS_TOKEN, refusals } from '../schemas/documentation.ts'
import type { HttpServices } from '../services.ts'
import type { HttpSettings } from '../settings.ts'

type IceSettings = Pick<HttpSettings, 'iceServerUrls' | 'turnUrls' | 'turnSecret' | 'turnTtlSeconds'>

const schema = {
  operationId: 'getIceServers',
  tags: ['Media'],
  summary: 'STUN and TURN servers for a WebRTC connection',
  description: 'TURN credentials are made for the caller and end after a while.',
  security: NEEDS_TOKEN,
  response: {
    200: json('The servers.', answerRef('IceServers')),
    ...refusals(401),
  },
}

export function iceServersRoute(
  app: App,
  { clock }: Pick<HttpServices, 'clock'>,
  settings: IceSettings,
): void {
  app.get('/iceServers', { schema }, (request, reply) => {
    const answer = iceServers(settings, callerOf(request).userId, clock.wallMs())
    reply.header('cache-control', 'no-store').header('content-type', JSON_TYPE)
    reply.send(JSON.stringify(answer))
  })
}

/** `urls` is always an array: clients rely on it. */
function iceServers(settings: IceSettings, userId: string, nowWallMs: number): IceServers {
  const stun = settings.iceServerUrls.length === 0 ? [] : [{ urls: settings.iceServerUrls }]
  return { iceServers: [...stun, ...turnServers(settings, userId, nowWallMs)] }
}

/** Time-limited credentials that the TURN server checks by the shared secret alone (draft-uberti-behave-turn-rest §2.2). */
function turnServers(
  { turnUrls, turnSecret, turnTtlSeconds }: IceSettings,
  userId: string,
  nowWallMs: number,
): IceServers['iceServers'] {
  if (turnUrls.length === 0 || turnSecret === undefined) return []
  const username = `${Math.floor(nowWallMs / 1000) + turnTtlSeconds}:${userId}`
  const credential = createHmac('sha1', turnSecret).update(username).digest('base64')
  return [{ urls: turnUrls, username, credential }]
}
