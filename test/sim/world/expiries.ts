import type { EndpointKey, Registration } from '../../../server/src/store/store.ts'
import type { Device } from '../device.ts'
import { Violation } from '../ledger.ts'
import type { Stage } from './stage.ts'

const LATENESS_MS_MAX = 1000
/** What passes of service time while the process stands still: `clock/heard-time.ts`. */
const STANDSTILL_STEP_MS = 1000

export function onReminded({ devices, tally }: Stage, registration: Registration): void {
  // Reminders carry no `to`: they are counted, and kept from the ledger, by not being sent to devices here.
  if (devices.find(({ endpoint }) => isSameEndpoint(endpoint, registration))?.isConnected) tally.reminders++
}

/** A registration has expired: neither early nor late. */
export function onExpired(stage: Stage, registration: Registration): void {
  stage.guard(() => checkLateness(stage, -registration.remainingMs))
  stage.guard(() => noteExpired(stage, registration))
}

function checkLateness(stage: Stage, lateMs: number): void {
  if (lateMs < 0) throw new Violation(`expired ${-lateMs} ms early`)
  const isTroubled = stage.disk.failing !== undefined || stage.isDiskStalled
  const isExcused = isTroubled || stage.upMs() - stage.diskRepairedAtUpMs < 20_000
  // Who was due and not told yet when the process stood still is told once it goes on; by the step that time makes
  // meanwhile they seem later.
  const stoodStillMs = stage.upMs() - stage.wentOnAtUpMs < LATENESS_MS_MAX ? STANDSTILL_STEP_MS : 0
  if (lateMs > LATENESS_MS_MAX + stoodStillMs && !isExcused) throw new Violation(`expired ${lateMs} ms late`)
}

function noteExpired(stage: Stage, registration: Registration): void {
  stage.tally.expiries++
  const device = stage.devices.find(({ endpoint }) => isSameEndpoint(endpoint, registration))
  if (device?.life?.registrationId !== registration.registrationId) return
  stage.history.recorder.add({ kind: 'expired', endpoint: device.name })
  checkNotEarly(stage, device, 'expired')
  device.life = undefined
}

export function checkNotEarly(stage: Stage, device: Device, what: string): void {
  const { life } = device
  if (life === undefined) return
  const leftMs = life.aliveSinceUpMs + life.keepAliveSeconds * 1000 - stage.upMs()
  if (leftMs > 0) throw new Violation(`${device.name} ${what} ${leftMs} ms before its time`)
}

function isSameEndpoint(a: EndpointKey, b: EndpointKey): boolean {
  const isSameUser = a.organizationId === b.organizationId && a.userId === b.userId
  return isSameUser && a.userEndpointId === b.userEndpointId
}
