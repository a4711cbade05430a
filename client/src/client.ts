/** The door of the SDK. What it names is kept; everything else may change. */
export type { UserPresence, WakeUpCommand, WakeUpWays } from '@rollcall/protocol/command'
export { RollcallError } from '@rollcall/protocol/error-code'
export type { Event } from '@rollcall/protocol/event'
export type {
  DiscardReason,
  HistoryEndpoint,
  HistoryOutcome,
  HistoryPage,
  HistoryRecord,
} from '@rollcall/protocol/history'
export type { Statistics } from '@rollcall/protocol/statistics'
export {
  type Backend,
  type BackendOptions,
  createBackend,
  type Message,
  type OrganizationOptions,
  type Receipt,
  type RequestOptions,
  type SendOptions,
} from './backend/backend.ts'
export type { FollowOptions, History, HistoryQuery } from './backend/history.ts'
export { AnsweredElsewhereError, type AnswerOptions } from './connect/answer.ts'
export type { TransportName } from './connect/carrier.ts'
export { connect, type Registration } from './connect/connect.ts'
export type { TypeHandlers } from './connect/handlers.ts'
export type { EventContext, EventHandler } from './connect/inbox.ts'
export type { ConnectOptions } from './connect/options.ts'
export type { State, StateReason, Status } from './connect/states.ts'
export type { AnyEventOf, AnyEvents, EventOf, NewEventOf } from './event-types.ts'
export { type ClientOptions, createClient, type RollcallClient, type SendResult } from './http-client.ts'
export type {
  ChannelLike,
  ClientClock,
  ClientRandom,
  EndpointStorage,
  LeaveSource,
  LockManagerLike,
  WakeSource,
  WebSocketConstructor,
  WebSocketLike,
} from './platform.ts'
export { type Grant, requestToken, type Token, TokenError, type TokenRequest } from './request-token.ts'
export { SdkError, type SdkErrorCode } from './sdk-error.ts'
export { type GetToken, type TokenContext, type TokenSourceOptions, tokenSource } from './token-source.ts'
export {
  type Push,
  type PushRegistration,
  type PushSubscriptionLike,
  readPush,
  type WakeUp,
  type WakeUpContext,
  type WebPushOptions,
  webPush,
} from './wake-up.ts'
