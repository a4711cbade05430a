import type { Registration } from '../../server/src/store/store.ts'

/** A registration as a store gives it; tests change what they need. */
export const REGISTRATION: Registration = {
  organizationId: 'acme',
  userId: 'bob',
  userEndpointId: 'phone',
  registrationId: 1,
  keepAliveSeconds: 15,
  serverKeepAliveReminderOn: false,
  registeredAtWallMs: 0,
  lastKeepAliveAtWallMs: 0,
  remainingMs: 15_000,
  reminded: false,
  authorizedUntilWallMs: 0,
}
