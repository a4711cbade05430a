import { isId } from './id.ts'

/**
 * What an MQTT topic names. `endpoint` is one of the two forms of an endpoint to subscribe to. To be published
 * to: `keepalive`, `answers`, and for backends `events`, whose results come on the `responses` topics that they name.
 */
export type Topic =
  | { readonly kind: 'endpoint'; readonly userId: string | null; readonly userEndpointId: string }
  | { readonly kind: 'keepalive'; readonly userEndpointId: string }
  | { readonly kind: 'answers'; readonly userEndpointId: string }
  | { readonly kind: 'events' }
  | { readonly kind: 'responses'; readonly name: string }

/** Backends publish the bodies of sendEvent here. */
export const EVENTS_TOPIC = 'users/events'

/** A Response Topic of such a publication: `users/events/responses/{name}`. Only its own connection is answered. */
export function responsesTopic(name: string): string {
  return `${EVENTS_TOPIC}/responses/${name}`
}

/** The documented topic of an endpoint: `users/endpoints/{userEndpointId}`. The user is the link's own. */
export function endpointTopic(userEndpointId: string): string {
  return `users/endpoints/${userEndpointId}`
}

/** The topic that phones subscribe to: `user/{userId}/{userEndpointId}`. */
export function userTopic(userId: string, userEndpointId: string): string {
  return `user/${userId}/${userEndpointId}`
}

/** Publishing anything here is a keepalive of the endpoint: `users/endpoints/{userEndpointId}/keepalive`. */
export function keepaliveTopic(userEndpointId: string): string {
  return `users/endpoints/${userEndpointId}/keepalive`
}

/** Publishing `{"eventId": …, "answer"?}` here answers an event: `users/endpoints/{userEndpointId}/answers`. */
export function answersTopic(userEndpointId: string): string {
  return `users/endpoints/${userEndpointId}/answers`
}

/**
 * Reads a topic name or filter. Returns `undefined` for everything that is not exactly one of the forms
 * above: wildcards, `$share`, empty levels and ids that break the id rules included.
 */
export function parseTopic(topic: string): Topic | undefined {
  if (topic === EVENTS_TOPIC) return { kind: 'events' }
  const levels = topic.split('/', 5)
  if (levels.length === 3) return parseEndpointTopic(levels)
  return levels.length === 4 ? parseLongTopic(levels) : undefined
}

function parseLongTopic([users, second, third, fourth]: readonly string[]): Topic | undefined {
  if (users !== 'users') return undefined
  if (second === 'endpoints' && (fourth === 'keepalive' || fourth === 'answers'))
    return isId(third) ? { kind: fourth, userEndpointId: third } : undefined
  const isResponses = second === 'events' && third === 'responses' && isId(fourth)
  return isResponses ? { kind: 'responses', name: fourth } : undefined
}

function parseEndpointTopic([first, second, id]: readonly string[]): Topic | undefined {
  if (!isId(id)) return undefined
  if (first === 'users' && second === 'endpoints')
    return { kind: 'endpoint', userId: null, userEndpointId: id }
  if (first === 'user' && isId(second)) return { kind: 'endpoint', userId: second, userEndpointId: id }
  return undefined
}
