import { RollcallError } from '@rollcall/protocol/error-code'
import type { LifecycleEvent } from '@rollcall/protocol/lifecycle'
import type { SendResult } from '../../server/src/delivery/delivery.ts'
import type { HistoryRecord } from '../../server/src/store/store.ts'
import { digestOf } from '../history/digest.ts'
import type { Line, Opening, Operation, Result } from '../history/lines.ts'
import { type RecordedCall, Recorder } from '../history/recorder.ts'
import type { Device, Receipt } from './device.ts'
import type { Send } from './ledger.ts'

/** Gets the lines of a history, in order. */
export type WriteLine = (line: Line) => void

export const NO_HISTORY: WriteLine = () => undefined

/** What the simulation does, as its clients see it: `test/history/README.md`. */
export class SimHistory {
  readonly recorder: Recorder
  /** What is under way, by the process that was asked: with its death it is unknown. */
  readonly #underWay = new Map<object, Set<RecordedCall>>()

  constructor(write: WriteLine, nowMs: () => number, opening: Omit<Opening, 'kind' | 'version' | 'atMs'>) {
    this.recorder = new Recorder(write, nowMs, opening)
  }

  /** Notes a call and what comes of it. */
  ask<Answer>(
    process: object,
    operation: Operation,
    ask: () => Promise<Answer>,
    resultOf: (answer: Answer) => Result = () => ({}),
  ): Promise<Answer> {
    const call = this.recorder.begin(operation)
    const answer = ask()
    const calls = this.#underWay.get(process) ?? new Set()
    this.#underWay.set(process, calls.add(call))
    answer
      .then(
        (value) => call.ok(resultOf(value)),
        (error: unknown) => endAs(call, error),
      )
      .finally(() => calls.delete(call))
    return answer
  }

  /** A process is gone: nobody hears what it would have answered. */
  lost(process: object): void {
    for (const call of this.#underWay.get(process) ?? []) call.unknown()
    this.#underWay.delete(process)
  }

  delivered(device: Device, { link, eventId, qos, bytes }: Receipt): void {
    const endpoint = device.name
    this.recorder.add({ kind: 'delivery', link, endpoint, eventId, qos, digest: digestOf(bytes) })
  }

  /** What a simulated device says is heard, whatever becomes of its link. */
  acknowledged({ name }: Device, link: string, eventId: string): void {
    this.recorder.add({ kind: 'puback', link, endpoint: name, eventId, isHeard: true })
  }

  told(webhook: string, { type, sequence, reason, ...event }: LifecycleEvent): void {
    const { organizationId, userId, userEndpointId, eventId } = event
    this.recorder.add({
      ...{ kind: 'told', webhook, type, sequence, reason },
      ...(userEndpointId === undefined ? {} : { endpoint: `${organizationId}/${userId}/${userEndpointId}` }),
      ...(eventId === undefined ? {} : { eventId }),
    })
  }

  outcomes({ eventId, to }: Send, { endpoints, answered }: HistoryRecord): void {
    const named = endpoints.map(
      ({ userEndpointId, outcome }) => [`${to}/${userEndpointId}`, outcome] as const,
    )
    this.recorder.add({
      ...{ kind: 'outcomes', eventId, endpoints: Object.fromEntries(named) },
      ...(answered === undefined ? {} : { answeredBy: answered.userEndpointId }),
    })
  }
}

/** `unavailable` may have been done all the same: the simulation does not tell the two kinds apart. */
function endAs(call: RecordedCall, error: unknown): void {
  if (!(error instanceof RollcallError) || error.code === 'unavailable') call.unknown()
  else call.refused(error.code, error.fields.get('answeredBy'))
}

/** A send as it is asked for. */
export function sendOperation(
  { eventId, to, qos, key, terms }: Send,
  event: object,
  more: { readonly endpoint?: string; readonly nowWallMs: number },
): Operation {
  const { expiresAtWallMs, collapseKey, cancelId, overId } = terms
  const otherId = cancelId ?? overId
  return {
    ...{ op: 'send', by: `${to.split('/')[0]}/backend`, to, qos, eventId },
    digest: digestOf(Buffer.from(JSON.stringify(event))),
    ...(more.endpoint === undefined ? {} : { endpoint: more.endpoint }),
    ...(key === undefined ? {} : { key }),
    ...(expiresAtWallMs === undefined ? {} : { lifetimeMs: expiresAtWallMs - more.nowWallMs }),
    ...(collapseKey === undefined ? {} : { collapseKey }),
    ...(otherId === undefined
      ? {}
      : { cancelOthers: { on: overId === undefined ? 'acknowledged' : 'answered', eventId: otherId } }),
  }
}

export function sendResult({ eventId, count, receipts }: SendResult): Result {
  return {
    ...{ eventId, count },
    ...(receipts === undefined ? {} : { acknowledged: receipts.acknowledged }),
    ...(receipts?.answeredBy === undefined ? {} : { answeredBy: receipts.answeredBy }),
  }
}
