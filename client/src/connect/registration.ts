import type { AnswerOptions } from './answer.ts'
import type { TransportName } from './carrier.ts'
import type { State } from './states.ts'

/** One's being reachable: lives until closed, whatever happens to networks, servers and tokens. */
export interface Registration {
  readonly state: State
  /** Known once it was claimed, which is before the first request. */
  readonly userEndpointId: string | undefined
  /** How events come, while it is online: over a WebSocket, or as server-sent events where that does not get through. */
  readonly transport: TransportName | undefined
  /**
   * Resolves as soon as events come.
   *
   * @throws SdkError `aborted` with what kept it from coming as its `cause`; the error of `closed`
   */
  online(options?: { readonly signal?: AbortSignal }): Promise<void>
  /** Calls `listener` at every change of state. Returns how to stop. */
  onState(listener: (state: State) => void): () => void
  /** The state now, and each that follows; ends after `closed`, or when the signal is aborted. */
  states(options?: { readonly signal?: AbortSignal }): AsyncIterableIterator<State>
  /**
   * Says that the person at this endpoint took the event: a call, most often. The first of the user's endpoints wins, once
   * and for all, and the others hear of it where the event was sent with `cancelOthers`. Resolves once this one is known
   * to be the first; it is sent again over failing networks and restarting servers, for `timeoutMs` in all, and may be
   * called again after that. It needs no connection for events, and works after the event was acknowledged.
   *
   * @param event the event, or its id
   * @param answer what the sender is told with it, at most 4,096 bytes as JSON, masked like the event
   * @throws AnsweredElsewhereError another endpoint was first, `answeredBy`; RollcallError `not_found` where there is nothing
   *   that this endpoint could answer, or the event's lifetime is over, `invalid_request`; SdkError `timeout`, `closed`,
   *   `aborted`, `not_online` before the endpoint has an id
   */
  answer(
    event: { readonly id: string } | string,
    answer?: { readonly [attribute: string]: unknown },
    options?: AnswerOptions,
  ): Promise<void>
  /**
   * Unregisters, so that nobody rings a device that is gone, and stops. Idempotent; resolves also where the server
   * cannot be told (the endpoint then expires).
   */
  close(options?: { readonly reason?: string; readonly signal?: AbortSignal }): Promise<void>
}
