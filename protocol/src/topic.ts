import { isId } from './id.ts'

/**
 * What an MQTT topic names. `endpoint` is one of the two subscribable forms; `keepalive` is the only topic
 * that a client may publish to.
 */
export type Topic =
  | { readonly kind: 'endpoint'; readonly userId: string | null; readonly userEndpointId: string }
  | { readonly kind: 'keepalive'; readonly userEndpointId: string }

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

/**
 * Reads a topic name or filter. Returns `undefined` for everything that is not exactly one of the forms
 * above: wildcards, `$share`, empty levels and ids that break the id rules included.
 */
export function parseTopic(topic: string): Topic | undefined {
  const levels = topic.split('/', 5)
  if (levels.length === 3) return parseEndpointTopic(levels)
  const [users, endpoints, id, keepalive] = levels
  const isKeepalive = users === 'users' && endpoints === 'endpoints' && keepalive === 'keepalive'
  return levels.length === 4 && isKeepalive && isId(id)
    ? { kind: 'keepalive', userEndpointId: id }
    : undefined
}

function parseEndpointTopic([first, second, id]: readonly string[]): Topic | undefined {
  if (!isId(id)) return undefined
  if (first === 'users' && second === 'endpoints')
    return { kind: 'endpoint', userId: null, userEndpointId: id }
  if (first === 'user' && isId(second)) return { kind: 'endpoint', userId: second, userEndpointId: id }
  return undefined
}
