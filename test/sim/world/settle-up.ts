import type { HistoryRecord } from '../../../server/src/store/store.ts'
import { type Send, Violation } from '../ledger.ts'
import { depthsOf, leftOver, readTables } from '../left-over-rows.ts'
import type { DeviceActs } from './device-acts.ts'
import type { Stage } from './stage.ts'

/** Everything works now: every living device connects, stays, and acknowledges what it gets; then all is held against what is owed. */
export async function settleUp(stage: Stage, acts: DeviceActs): Promise<void> {
  const { clock, devices, tally } = stage
  // As long as an outage lasts, and until the store has noticed that it is over.
  for (let tries = 0; tries < 120 && isRefusing(stage); tries++) await clock.advance(1_000)
  for (let round = 0; round < 60 && stage.violation === undefined; round++) {
    for (const device of devices) acts.attend(device)
    await clock.advance(300)
  }
  stage.history.recorder.add({ kind: 'settled' })
  for (const device of devices) stage.guard(() => stage.ledger.settleUp(device))
  stage.guard(() => {
    tally.cancelled += stage.receipts.settleUp(devices)
  })
  await checkHistory(stage)
  stage.guard(() => {
    tally.silenced += stage.answers.settleUp(devices)
  })
  await recount(stage)
  await settleWebhooks(stage)
}

function isRefusing({ disk, service }: Stage): boolean {
  return disk.failing !== undefined || service?.store.failure() !== undefined
}

async function checkHistory(stage: Stage): Promise<void> {
  const history = stage.service?.store.history
  for (const send of stage.ledger.sends.values()) {
    const record = await history?.find(send.eventId, {})
    if (record !== undefined) {
      stage.history.outcomes(send, record)
      stage.guard(() => checkRecord(stage, send, record))
    } else if (send.qos === 1 && send.answeredStep !== undefined)
      stage.fail(new Violation(`${send.eventId} was answered and is not in the history`))
  }
}

function checkRecord({ receipts, answers }: Stage, send: Send, record: HistoryRecord): void {
  receipts.checkRecord(send, record)
  answers.checkRecord(send, record)
}

/** What there is, once it is on the disk, and what the store believes. */
async function recount({ service, clock, devices, history }: Stage): Promise<void> {
  if (service === undefined) return
  // Soon durable.
  await clock.advance(2000)
  const tables = await readTables(service.rows)
  const { registrations, mailboxEvents } = await service.store.totals()
  const depths: Record<string, number> = {}
  const depthOf = depthsOf(tables)
  for (const { endpoint, name } of devices) {
    const registration = await service.registrar.find(endpoint)
    if (registration !== undefined) depths[name] = depthOf.get(registration.registrationId) ?? 0
  }
  history.recorder.add({
    kind: 'recount',
    totals: { registrations, mailboxEvents },
    counted: { registrations: tables('registrations').size, mailboxEvents: tables('mailbox').size },
    orphans: leftOver(tables),
    depths,
  })
}

/** Receivers that refused are tried again within five minutes. */
async function settleWebhooks(stage: Stage): Promise<void> {
  const { webhooks, signIns, tally } = stage
  webhooks.isKind = true
  for (let minute = 0; minute < 6; minute++) await stage.clock.advance(60_000)
  stage.guard(() => webhooks.settleUp())
  tally.told += webhooks.received
  tally.refreshedAgain += signIns.repeated
  tally.thefts += signIns.thefts
}
