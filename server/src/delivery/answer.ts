import { RollcallError } from '@rollcall/protocol/error-code'
import { ANSWER_BYTES_MAX, ANSWERABLE_MS, ID_CHARACTERS_MAX } from '@rollcall/protocol/limits'
import { createMaskWork, type MaskLength, parseMasks } from '../masks/masks.ts'
import type { Metrics } from '../observe/observe.ts'
import {
  isAbsent,
  isJsonObject,
  isShortText,
  type JsonObject,
  type Member,
  membersOf,
  objectIn,
  type Problems,
  parseJson,
  refuse,
  requiredId,
} from '../parse/parse.ts'
import {
  type Answered,
  type AnswerOutcome,
  type Call,
  type HistoryRecord,
  type Outcome,
  type Store,
  senderScope,
  type UserKey,
} from '../store/store.ts'
import { carryOn, type EndingsContext, tell } from './endings.ts'
import { maskedEvent } from './masking.ts'

/** One endpoint's answer to an event. */
export type AnswerCommand = {
  readonly eventId: string
  readonly userEndpointId: string
  /** What goes with it: as it was written, and the same parsed. */
  readonly answer: { readonly bytes: Buffer; readonly value: JsonObject } | undefined
}

export type AnswerContext = EndingsContext & {
  readonly store: Pick<Store, 'calls' | 'history'>
  readonly maskLength: MaskLength
  readonly metrics: Pick<Metrics, 'masksTook'>
}

/**
 * Parses an answer. What the request says elsewhere, in its path or topic, is not looked for in the body.
 *
 * @throws RollcallError `malformed_json`, `invalid_request` with the fields
 */
export function parseAnswer(
  bytes: Buffer,
  known: { readonly eventId: string } | { readonly userEndpointId: string },
): AnswerCommand {
  const { text, value } = parseJson(bytes)
  const body = objectIn(value)
  const members = membersOf(text, text.indexOf('{'), body)
  const problems: Problems = new Map()
  const eventId = 'eventId' in known ? known.eventId : readEventId(body, problems)
  const userEndpointId =
    'userEndpointId' in known ? known.userEndpointId : requiredId(body, 'userEndpointId', problems)
  const answer = readAnswer(body, text, members, problems)
  if (problems.size > 0) throw refuse(problems)
  return { eventId, userEndpointId, answer }
}

function readEventId({ eventId }: JsonObject, problems: Problems): string {
  if (isShortText(eventId)) return eventId
  problems.set('eventId', `must be a string of 1 to ${ID_CHARACTERS_MAX} characters`)
  return ''
}

function readAnswer(
  { answer }: JsonObject,
  text: string,
  members: readonly Member[],
  problems: Problems,
): AnswerCommand['answer'] {
  if (isAbsent(answer)) return undefined
  const at = members.find(({ key }) => key === 'answer')
  const bytes = Buffer.from(text.slice(at?.start, at?.end))
  if (isJsonObject(answer) && bytes.length <= ANSWER_BYTES_MAX) {
    // For a key given twice.
    membersOf(bytes.toString(), 0, answer)
    return { bytes, value: answer }
  }
  problems.set('answer', `must be a JSON object of at most ${ANSWER_BYTES_MAX} bytes`)
  return undefined
}

/** Every branch of the flow is here. @throws RollcallError see `Delivery.answer` */
export async function answerEvent(
  context: AnswerContext,
  user: UserKey,
  command: AnswerCommand,
): Promise<void> {
  const { clock, store, bounds, receipts } = context
  const { eventId, userEndpointId } = command
  const { organizationId, userId } = user
  const kept = await store.calls.find(user, eventId)
  const record = kept === undefined ? await recordMeant(store.history, user, eventId) : undefined
  const call = kept ?? (record && callOf(record))
  if (call === undefined || clock.wallMs() >= call.endsAtWallMs) throw new RollcallError('not_found')
  if (!call.userEndpointIds.includes(userEndpointId)) throw new RollcallError('not_found')
  // It was a call, and made room for newer ones.
  if (record?.answered !== undefined) return judge(record.answered, command)
  const answer = call.answeredBy === undefined ? shown(context, call, command) : undefined
  const said = answer === undefined ? {} : { answer }
  const request = { organizationId, userId, userEndpointId, call, ...said }
  const outcome = await store.calls.answer(request, bounds)
  if (outcome.kind === 'unknown') throw new RollcallError('not_found')
  if (outcome.kind === 'answered') tellOfAnswer(context, user, call, outcome)
  // Whatever it is, a crash must not make it untrue.
  await outcome.durable
  if (outcome.kind === 'elsewhere') throw elsewhere(outcome.userEndpointId)
  receipts.answered({ to: user, senderId: call.senderId, eventId }, userEndpointId)
}

/** What a backend sent comes first: nobody else's newer event of that id takes its answer away. */
async function recordMeant(
  history: AnswerContext['store']['history'],
  { organizationId, userId }: UserKey,
  eventId: string,
): Promise<HistoryRecord | undefined> {
  const newest = await history.find(eventId, { organizationId, userId })
  if (newest?.sentBy?.kind !== 'user') return newest
  return (await history.find(eventId, { organizationId, userId, isFromBackend: true })) ?? newest
}

function judge(answered: Answered, { userEndpointId }: AnswerCommand): void {
  if (answered.userEndpointId !== userEndpointId) throw elsewhere(answered.userEndpointId)
}

/** An event that nobody said would be answered, as the history has it. */
function callOf(record: HistoryRecord): Call {
  const { eventId, qos, recordId, acceptedAtWallMs, expiresAtWallMs, masks, endpoints } = record
  return {
    eventId,
    // What a former version recorded, nobody waits for any more.
    senderId: record.sentBy === undefined ? '' : senderScope(record.sentBy, record.organizationId),
    qos,
    recordId,
    endsAtWallMs: expiresAtWallMs ?? acceptedAtWallMs + ANSWERABLE_MS,
    masks,
    answeredBy: undefined,
    userEndpointIds: endpoints.filter(wasSent).map(({ userEndpointId }) => userEndpointId),
  }
}

/** Whether an event can be answered where that is the last that became of it; else it must have been sent there. */
const MAY_ANSWER: { readonly [outcome in Outcome]: boolean } = {
  not_connected: false,
  queued: true,
  // The push may have brought the event itself.
  woken: true,
  sent: true,
  acknowledged: true,
  expired: false,
  discarded: false,
}

function wasSent({ outcome, at }: HistoryRecord['endpoints'][number]): boolean {
  return MAY_ANSWER[outcome] || at.some((noted) => noted.outcome === 'sent')
}

/** The answer as it is stored and shown. Where nobody knows how to mask it, it is not kept. */
function shown(
  { maskLength, metrics }: AnswerContext,
  { masks }: Call,
  { answer }: AnswerCommand,
): Buffer | undefined {
  if (answer === undefined || masks === undefined) return undefined
  if (masks.length === 0) return answer.bytes
  const work = createMaskWork()
  try {
    return maskedEvent(parseMasks(masks, { length: maskLength, work }), answer.value)
  } finally {
    metrics.masksTook(work.taken)
  }
}

function elsewhere(userEndpointId: string): RollcallError {
  return new RollcallError('answered_elsewhere', `Endpoint ${userEndpointId} was the first to answer.`, {
    fields: [['answeredBy', userEndpointId]],
  })
}

function tellOfAnswer(
  context: AnswerContext,
  { organizationId }: UserKey,
  { qos }: Call,
  { taken, cancellation }: Extract<AnswerOutcome, { readonly kind: 'answered' }>,
): void {
  context.statistics.of(organizationId).outcome(qos, 'answered')
  if (taken !== undefined) tell(context, [taken], 'acknowledged')
  if (cancellation !== undefined) carryOn(context, cancellation)
}
