/** A parsed `SendEventToUserWebCommand`. */
export type SendEventCommand = {
  readonly userId: string
  /** As given in the body; only callers with role SERVICE are heard. */
  readonly organizationId: string | undefined
  readonly userEndpointId: string | undefined
  readonly event: EventSource
  readonly masks: readonly string[]
  readonly qos: 0 | 1
}

/** An event as its sender wrote it. */
export type EventSource = {
  /** The sender's own bytes of the `event` value. */
  readonly bytes: Buffer
  /** The same, parsed. */
  readonly value: { readonly [attribute: string]: unknown }
  /** Its own `id`, if any. */
  readonly id: string | undefined
  /** Where an `id` that is `null` stands in `bytes`: from its first to after its last byte. */
  readonly nullId: { readonly start: number; readonly end: number } | undefined
}

/**
 * Parses the body of sendEvent, whichever front it came through.
 *
 * @throws RollcallError `malformed_json`, `invalid_request` with the fields, `event_too_large`
 */
export function parseSendEvent(body: Buffer): SendEventCommand {
  throw new Error(`being written: ${body.length}`)
}
