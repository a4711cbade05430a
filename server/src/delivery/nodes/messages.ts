import { type Cluster, decodeMessage, encodeMessage, type Router } from '../../cluster/cluster.ts'
import type { OnTiding, RegistrationKey, Tiding } from '../../store/store.ts'

/** A QoS 0 event for a link of another process. */
type SentOnce = {
  readonly kind: 'sent_once'
  /** Tells it from every other: a message that comes twice is sent once. */
  readonly messageId: string
  readonly registration: RegistrationKey
  readonly linkId: number
  readonly eventId: string
  readonly sealed: boolean
  readonly payload: Uint8Array
}

export type NodeMessage = Tiding | SentOnce

/** Carries what the store brings about at other processes to them. What it does here, the answer says. */
export function carryTidings({ nodes, router, told }: Pick<Cluster, 'nodes' | 'router' | 'told'>): OnTiding {
  return (node, tiding) => {
    if (node !== nodes.self) sendMessage(router, node, tiding)
    else if ('number' in tiding) told.heard(tiding.part, tiding.number)
  }
}

export function sendMessage(router: Pick<Router, 'send'>, node: string, message: NodeMessage): void {
  router.send(node, 'delivery', encode(message))
}

/** What each kind must have, by type; whatever else it has is not looked at. Every form of them is one that was released. */
const FIELDS: { readonly [Kind in NodeMessage['kind']]: Readonly<Record<string, string>> } = {
  appended: {
    ...{
      registration: 'registration',
      linkId: 'number',
      part: 'number',
      number: 'number',
      sequence: 'number',
      follows: 'number',
    },
    ...{ eventId: 'string', mustBeClaimed: 'boolean', sealed: 'boolean' },
  },
  taken_over: { registration: 'registration', linkId: 'number', part: 'number', number: 'number' },
  registration_over: {
    ...{ registration: 'registration', linkId: 'number', part: 'number', number: 'number' },
    how: 'string',
  },
  reminded: {
    ...{ registration: 'registration', linkId: 'number' },
    ...{ keepAliveSeconds: 'number', remainingMs: 'number' },
  },
  entry_over: { registration: 'registration', sequence: 'number', isAcknowledged: 'boolean' },
  answered: { to: 'user', senderId: 'string', eventId: 'string', userEndpointId: 'string' },
  sent_once: {
    ...{ registration: 'registration', linkId: 'number', messageId: 'string' },
    ...{ eventId: 'string', sealed: 'boolean' },
  },
}

export function encode(message: NodeMessage): Buffer {
  if (!('payload' in message)) return encodeMessage(message)
  const { payload, ...head } = message
  return encodeMessage(head, payload)
}

/** `undefined`: it is of a kind or form that this version does not know. What it tells of is found otherwise, later. */
export function decode(message: Uint8Array): NodeMessage | undefined {
  const { head, body } = decodeMessage(message) ?? {}
  const kind = head?.['kind']
  if (head === undefined || !isKind(kind)) return undefined
  const fields = Object.entries(FIELDS[kind])
  if (!fields.every(([name, type]) => isOf(type, head[name]))) return undefined
  return { ...head, payload: body } as unknown as NodeMessage
}

function isKind(kind: unknown): kind is NodeMessage['kind'] {
  return typeof kind === 'string' && Object.hasOwn(FIELDS, kind)
}

function isOf(type: string, value: unknown): boolean {
  if (type !== 'registration' && type !== 'user') return typeof value === type
  if (typeof value !== 'object' || value === null) return false
  const names =
    type === 'user' ? ['organizationId', 'userId'] : ['organizationId', 'userId', 'userEndpointId']
  const isNamed = names.every((name) => typeof Reflect.get(value, name) === 'string')
  return isNamed && (type === 'user' || typeof Reflect.get(value, 'registrationId') === 'number')
}
