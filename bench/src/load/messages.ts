/** What a sender is told to do: one thing, then it ends. */
export type SenderPlan = {
  readonly port: number
  /** The process whose CPU time is measured. */
  readonly serverPid: number
  /** Of the Redis below it, whose CPU time is measured too; none where there is none. */
  readonly redisPids: readonly number[]
  readonly ticksPerSecond: number
  readonly tokensFile: string
  /** Requests under way at one time, each on a connection of its own. */
  readonly slots: number
  readonly work: WorkPlan
  readonly pace: PacePlan
}

export type WorkPlan =
  /** Events to users 0 to `devices`; timed ones carry the moment of their sending. */
  | {
      readonly kind: 'send-event'
      readonly qos: 0 | 1
      readonly devices: number
      readonly timed: boolean
      /** Each to the first endpoint of a user who has so many. Absent: to a user who has one. */
      readonly endpointsPerUser?: number | undefined
      /** To all endpoints of a user who has so many. Absent: to one. */
      readonly mailboxes?: number | undefined
    }
  /** The same, several in one bulk request. */
  | { readonly kind: 'send-events'; readonly qos: 0 | 1; readonly devices: number; readonly batch: number }
  /** The same, published over MQTT by a backend: so many at a time on each connection. */
  | {
      readonly kind: 'publish'
      readonly qos: 0 | 1
      readonly devices: number
      readonly batch: number
      /** Of MQTT over TCP. */
      readonly mqttPort: number
    }
  | { readonly kind: 'keepalive'; readonly users: number }
  /** The same over the link of each user's endpoint, MQTT over TCP: a slot is a link. */
  | { readonly kind: 'link-keepalive'; readonly mqttPort: number }
  /** New endpoints of these users, each of which goes before the next one of its slot: two operations. */
  | { readonly kind: 'come-and-go'; readonly users: number }
  /** The same events as peers take them: posted to Nchan, and published at QoS 1 to a broker. */
  | { readonly kind: 'nchan'; readonly devices: number }
  | { readonly kind: 'topics'; readonly devices: number; readonly mqttPort: number }
  /** What a keepalive is to a SIP registrar. */
  | { readonly kind: 'sip-register'; readonly users: number }
  /** New endpoints from 0 on, or from that one. */
  | {
      readonly kind: 'register'
      readonly share: EndpointShare
      readonly from?: number
      readonly expiringAtMs?: number | undefined
    }

/** Whose endpoint `n` is: `n / perUser` where that is given, else every one of `users` in turn. */
export type EndpointShare = { readonly perUser: number } | { readonly users: number }

export type PacePlan =
  | { readonly kind: 'count'; readonly count: number }
  /** One after the other until the server has used this much CPU time, of which the warm-up does not count. */
  | { readonly kind: 'back-to-back'; readonly warmUpSeconds: number; readonly measuredSeconds: number }
  | {
      readonly kind: 'steady'
      readonly perSecond: number
      readonly warmUpSeconds: number
      readonly measuredSeconds: number
    }

export type SenderResult = {
  /** Operations asked for, and answered. */
  readonly issued: number
  /** Requests, of one operation or several, that were answered in another way than they should. */
  readonly refused: number
  readonly firstRefusal: string | undefined
  /** What happened while it counted. */
  readonly operations: number
  readonly wallSeconds: number
  readonly serverCpuSeconds: number
  readonly redisCpuSeconds: number
  readonly senderCpuSeconds: number
  /** Sequence numbers of the events sent meanwhile: from the first to before the second. */
  readonly sequences: readonly [number, number]
  /** Of registrations that were to expire: the earliest moment of each; monotonic milliseconds. */
  readonly deadlinesMs: readonly number[]
}

/** What a receiver is asked, one after the other. */
export type ReceiverRequest =
  | ({ readonly kind: 'connect' } & LinksPlan)
  /** Closes and opens every link once, some at a time. */
  | { readonly kind: 'reconnect' }
  /** Waits for all of `issued` events to `links` devices, and reports on them. */
  | {
      readonly kind: 'tally'
      readonly issued: number
      /** Sequence numbers of those whose latency counts. */
      readonly sequences: readonly [number, number]
    }
  /** When each link was closed by the server. */
  | { readonly kind: 'closings' }

export type LinksPlan = {
  readonly port: number
  readonly serverPid: number
  readonly ticksPerSecond: number
  readonly tokensFile: string
  readonly links: number
  /** Link `n` is that of endpoint `first + n × stride`. */
  readonly stride: number
  /** Default: 0. */
  readonly first?: number | undefined
  readonly endpointsPerUser: number
  /** Default: MQTT over WebSocket. */
  readonly speaks?: 'nchan'
}

export type ConnectResult = { readonly wallSeconds: number; readonly serverCpuSeconds: number }

export type TallyResult = {
  readonly received: number
  readonly lost: number
  readonly duplicates: number
  /** At another endpoint than the right one. */
  readonly strays: number
  /** With other bytes than the sender's. */
  readonly damaged: number
  /** From sending to receipt, sorted, microseconds. */
  readonly latenciesUs: readonly number[]
}

/** Monotonic milliseconds; -1 for a link that is open. */
export type ClosingsResult = { readonly closedAtMs: readonly number[] }

/** Messages between processes of the benchmark, which are all of one build: only the shape is looked at. */
export function parseMessage<T>(value: unknown): T {
  if (typeof value !== 'object' || value === null) throw new TypeError('not a message of the benchmark')
  if ('failure' in value) throw new Error(String(value.failure))
  return value as T
}
