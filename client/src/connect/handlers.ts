import type { Event } from '@rollcall/protocol/event'
import type { AnyEventOf, AnyEvents, EventOf } from '../event-types.ts'
import { SdkError } from '../sdk-error.ts'
import type { EventContext, EventHandler } from './inbox.ts'

/**
 * What a handler gives back; the SDK waits for a promise. Not `unknown`: a handler that returns `registration.answer(event)`
 * would then need the type of `registration` to find it out (TS7022), which only `any` spares the compiler, and `void`,
 * for which linters forbid asynchronous functions.
 */
// biome-ignore lint/suspicious/noExplicitAny: see above
export type Handled = any

/** One handler for each type of event; where the app has not said which there are, any may be named. */
export type TypeHandlers<Events extends object = AnyEvents> = string extends keyof Events
  ? { readonly [type: string]: ((event: AnyEventOf<Events>, context: EventContext) => Handled) | undefined }
  : {
      readonly [Type in keyof Events & string]?: (
        event: EventOf<Events, Type>,
        context: EventContext,
      ) => Handled
    }

export type Handlers<Events extends object = AnyEvents> = {
  /**
   * Handlers by the type of event. What is said of `onEvent` holds for each. An event whose type has none goes to `onEvent`;
   * where that is not given, it is acknowledged and dropped, and `onError` told, once for each type.
   */
  readonly on?: TypeHandlers<Events>
  /**
   * Called with each event, one at a time, in order. A QoS 1 event is acknowledged once it has returned or its
   * promise is fulfilled. One that throws is tried again, see `handlerAttemptsMax`. Needed where there is no `on`.
   */
  readonly onEvent?: (event: AnyEventOf<Events>, context: EventContext) => Handled
}

/** Types that are told of: a sender who makes them up fills no memory. */
const TOLD_MAX = 100

/** One handler of them all. The caller has made sure that each is a function. */
export function handlerOf({ on, onEvent }: Handlers, onError: (error: SdkError) => void): EventHandler {
  if (on === undefined && onEvent !== undefined) return onEvent
  // Types come from outside, and `on` may inherit what is no handler.
  const handlers = new Map(Object.entries(on ?? {}))
  const otherwise = onEvent ?? ignoring(onError)
  return (event, context) => (handlers.get(event.type) ?? otherwise)(event, context)
}

function ignoring(onError: (error: SdkError) => void): (event: Event) => void {
  const told = new Set<string>()
  return ({ id, type }) => {
    if (told.has(type) || told.size >= TOLD_MAX) return
    told.add(type)
    onError(new SdkError('unhandled_event', `There is no handler for ${type}.`, { eventId: id }))
  }
}
