/**
 * What the events of an app hold, by type, where the app has not said. An app says it as
 * `{ CallOfferedEvent: { caller: string }; CallCancelledEvent: object }`, a type or an interface.
 */
export type AnyEvents = { readonly [type: string]: { readonly [attribute: string]: unknown } }

/** An event of one type, as a device gets it. What it holds is the app's word: the SDK checks the first three members only. */
export type EventOf<Events extends object, Type extends keyof Events & string> = {
  readonly id: string
  readonly type: Type
  readonly timestamp: string
} & Readonly<Events[Type]>

/** Any of them: `type` tells which. */
export type AnyEventOf<Events extends object> = {
  [Type in keyof Events & string]: EventOf<Events, Type>
}[keyof Events & string]

/** One that is to be sent: what is left out is filled in. */
export type NewEventOf<Events extends object> = {
  [Type in keyof Events & string]: {
    readonly type: Type
    readonly id?: string
    readonly timestamp?: string
  } & Readonly<Events[Type]>
}[keyof Events & string]
