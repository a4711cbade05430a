import { createLimits, type LimitSettings, type Limits } from '../../server/src/limits/limits.ts'

/** Every limit off, for tests of one of them, or of none. */
export const LIMITS_OFF: LimitSettings = {
  eventsPerSecondPerOrganization: 0,
  eventsBurstPerOrganization: 1,
  eventsPerSecondPerCaller: 0,
  eventsBurstPerCaller: 1,
  registersPerSecondPerOrganization: 0,
  registersBurstPerOrganization: 1,
  registersPerSecondPerCaller: 0,
  registersBurstPerCaller: 1,
  tokensPerSecondPerClient: 0,
  tokensBurstPerClient: 1,
  tokensPerSecondPerUser: 0,
  tokensBurstPerUser: 1,
  tokensPerSecondPerAddress: 0,
  tokensBurstPerAddress: 1,
  workPerSecondPerCaller: 0,
  workBurstPerCaller: 1,
  workPerSecondPerOrganization: 0,
  workBurstPerOrganization: 1,
  workPerSecondPerAddress: 0,
  workBurstPerAddress: 1,
  organizationSharePercent: 100,
  callerSharePercent: 100,
  addressSharePercent: 100,
  linksMax: 100_000,
  pendingLinksMax: 5_000,
  httpConnectionsMax: 5_000,
  receiptWaitersMax: 10_000,
  shedLagMs: 0,
  shedWritePercent: 100,
}

const STILL = { monotonicMs: () => 0, after: () => ({ cancel: () => undefined }) }

/** For tests of what has nothing to do with limits: a new one each time, since some of it is held. */
export function noLimits(settings: Partial<LimitSettings> = {}): Limits {
  return createLimits({ settings: { ...LIMITS_OFF, ...settings }, clock: STILL })
}
