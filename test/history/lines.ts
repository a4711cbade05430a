/**
 * A history: what clients of a service asked, were told and got, and what went wrong meanwhile, a line each, in the order
 * of `atMs`. `README.md` beside this says what each line means, and `check.ts` judges it.
 */
export type Line =
  | Opening
  | Begin
  | End
  | LinkUp
  | LinkDown
  | Delivery
  | Acknowledgement
  | Told
  | Expired
  | Fault
  | FaultEnd
  | Settled
  | Outcomes
  | Recount

/** Milliseconds on the one clock of whoever writes the history, which never goes back. */
type At = { readonly atMs: number }

/** `organization/user`: ids have no slash. */
export type UserName = string
/** `organization/user/endpoint`. */
export type EndpointName = string

export const HISTORY_VERSION = 1

/** The first line. */
export type Opening = At & {
  readonly kind: 'history'
  readonly version: typeof HISTORY_VERSION
  /** For people: what ran, and how to run it again. */
  readonly source: string
  /** Names of the nodes of the service. Default: one, `node`. */
  readonly nodes?: readonly string[]
  /** The receivers whose lines (`told`) are here, from the first one on. Default: none. */
  readonly webhooks?: readonly { readonly name: string; readonly types: readonly string[] }[]
  readonly settings?: Partial<Settings>
}

export type Settings = {
  /** How long after its begin a call of unknown outcome may still take effect. */
  readonly lateEffectMs: number
  /** By how much the clocks of the service may differ from the history's, and from each other. */
  readonly clockSkewMs: number
  readonly mailboxEventsMax: number
  readonly endpointsPerUserMax: number
}

export const DEFAULT_SETTINGS: Settings = {
  lateEffectMs: 60_000,
  clockSkewMs: 0,
  mailboxEventsMax: 1000,
  endpointsPerUserMax: 100,
}

/** A client asks for something. */
export type Begin = At & { readonly kind: 'begin'; readonly call: number } & Operation

export type Operation =
  | Register
  | (OfEndpoint & { readonly op: 'keepalive' | 'unregister' | 'kick' | 'look' | 'connect' })
  | Send
  | Answer
  | TokenOperation
  | DirectoryOperation

/** With which access token, by a name that tells nothing of it. */
type WithToken = { readonly token?: string }
type OfEndpoint = WithToken & { readonly endpoint: EndpointName }

export type Register = OfEndpoint & { readonly op: 'register'; readonly keepAliveSeconds: number }

export type Answer = OfEndpoint & { readonly op: 'answer'; readonly eventId: string }

/** One event: of a batch each has a call of its own. */
export type Send = WithToken & {
  readonly op: 'send'
  /** Over what, for people. */
  readonly via?: 'post' | 'bulk' | 'mqtt'
  /** Who sends: the caller to whom an idempotency or collapse key belongs. */
  readonly by: UserName
  readonly to: UserName
  /** One endpoint of theirs. Absent: all. */
  readonly endpoint?: EndpointName
  readonly qos: 0 | 1
  readonly eventId: string
  /** Of the bytes that must arrive, in any form that `delivery` has them in too. */
  readonly digest?: string
  /** Idempotency key. */
  readonly key?: string
  /** From the begin. */
  readonly lifetimeMs?: number
  readonly collapseKey?: string
  readonly cancelOthers?: CancelOthers
}

export type CancelOthers = {
  readonly on: 'acknowledged' | 'answered'
  /** Of the event that the others get. */
  readonly eventId: string
  readonly digest?: string
}

export type TokenOperation =
  /** A token is issued. */
  | { readonly op: 'token'; readonly user: UserName; readonly issues: string }
  /** A token, or all that its user had before, are good for nothing from the answer on. */
  | (WithToken & { readonly op: 'revoke'; readonly user: UserName; readonly revokes?: string })

/** An entry of the directory, by a name such as `users/alice`. */
export type DirectoryOperation =
  /** From the answer on it says this, at every process. No value is written twice. */
  | { readonly op: 'change_entry'; readonly entry: string; readonly value: string }
  | { readonly op: 'find_entry'; readonly entry: string }

/**
 * What came of a call. `refused`: surely nothing was done. `unknown`: nobody knows, as after a lost connection, a 500, or
 * a 503 with `Event-Id`; a call without an end is the same.
 */
export type End = At & { readonly kind: 'end'; readonly call: number } & Outcome

export type Outcome =
  | ({ readonly outcome: 'ok' } & Result)
  | { readonly outcome: 'refused'; readonly error: string; readonly answeredBy?: string }
  | { readonly outcome: 'unknown' }

export type Result = {
  /** Of `send`: the answer's count, and its event, which is another's where a key was used before. */
  readonly count?: number
  readonly eventId?: string
  /** Of `send`, where it waited for receipts. */
  readonly acknowledged?: number
  /** Of `send`, where it waited for an answer: the endpoint's own id. */
  readonly answeredBy?: string
  /** Of `look`. */
  readonly present?: boolean
  /** Of `find_entry`. */
  readonly value?: string
}

/** A link gets the endpoint's events from now on: SUBACK. A link may have several endpoints. */
export type LinkUp = At & {
  readonly kind: 'link_up'
  readonly link: string
  readonly endpoint: EndpointName
  /** Granted. */
  readonly qos: 0 | 1
  readonly node?: string
  /** That it was opened with. */
  readonly token?: string
}

/** The client saw or made an end of the link. */
export type LinkDown = At & { readonly kind: 'link_down'; readonly link: string }

/** An endpoint got an event. */
export type Delivery = At & {
  readonly kind: 'delivery'
  readonly link: string
  readonly endpoint: EndpointName
  readonly eventId: string
  readonly qos: 0 | 1
  readonly digest?: string
}

/** An endpoint sends PUBACK. */
export type Acknowledgement = At & {
  readonly kind: 'puback'
  readonly link: string
  readonly endpoint: EndpointName
  readonly eventId: string
  /** It is known to have reached the service, also if the link ends now. */
  readonly isHeard?: true
  /** It goes by another way than the link, and nobody knows yet whether it arrived. Once it has, a second line says so. */
  readonly isUnsure?: true
}

/** A webhook's receiver got a lifecycle event. */
export type Told = At & {
  readonly kind: 'told'
  readonly webhook: string
  readonly type: string
  readonly sequence: number
  /** Absent: about nobody's endpoint. */
  readonly endpoint?: EndpointName
  readonly reason?: string
  readonly eventId?: string
}

/** Somebody inside the service was told, at once, that an endpoint has expired. Only where one can look inside. */
export type Expired = At & { readonly kind: 'expired'; readonly endpoint: EndpointName }

export type FaultName =
  | 'node_died'
  | 'node_froze'
  | 'node_stopped'
  | 'node_cut_off'
  | 'store_failed'
  | 'store_stalled'
  | 'clock_jumped'
  | 'messages_lost'

/** Something goes wrong from now on, and up to its `fault_end`: until the service works as if it had not been. */
export type Fault = At & {
  readonly kind: 'fault'
  readonly fault: number
  readonly what: FaultName
  /** Of faults of a node. */
  readonly node?: string
}

export type FaultEnd = At & { readonly kind: 'fault_end'; readonly fault: number }

/** There was time enough without a fault: what is owed to endpoints with a link, and to webhooks, must have come. */
export type Settled = At & { readonly kind: 'settled' }

/** What the service's own history says of an event, read after `settled`. */
export type Outcomes = At & {
  readonly kind: 'outcomes'
  readonly eventId: string
  readonly endpoints: { readonly [endpoint: EndpointName]: string }
  readonly answeredBy?: string
}

/** What there is, counted, and what the service believes that there is. */
export type Recount = At & {
  readonly kind: 'recount'
  readonly totals: { readonly [name: string]: number }
  readonly counted: { readonly [name: string]: number }
  /** What nobody has any more, and is there. */
  readonly orphans?: readonly string[]
  /** Waiting events of each endpoint that there is. */
  readonly depths?: { readonly [endpoint: EndpointName]: number }
}

/** A line and its place, to be named. */
export type Numbered<Of extends Line = Line> = { readonly number: number; readonly line: Of }
