/** What somebody has written on the page Send. All of it text, as fields have it. */
export type SendForm = {
  readonly userId: string
  /** Empty: all of the user's. */
  readonly userEndpointId: string
  readonly type: string
  /** Whether the timestamp is that of sending, or the one that was written. */
  readonly timing: 'now' | 'fixed'
  readonly timestamp: string
  /** JSON of the event's other attributes. */
  readonly attributes: string
  readonly qos: '1' | '0'
  readonly waitSeconds: WaitSeconds
  /** For what, where it waits. */
  readonly waitFor: 'acknowledged' | 'answered'
  readonly ttlSeconds: string
  readonly collapseKey: string
  /** One a line. */
  readonly masks: string
}

export type WaitSeconds = '0' | '2' | '5' | '10' | '30'

export type SendField = keyof SendForm

export const NEW_FORM: SendForm = {
  userId: '',
  userEndpointId: '',
  type: 'CallOfferedEvent',
  timing: 'now',
  timestamp: '',
  attributes: '{\n  "caller": "Alice"\n}',
  qos: '1',
  waitSeconds: '5',
  waitFor: 'acknowledged',
  ttlSeconds: '30',
  collapseKey: '',
  masks: '',
}
