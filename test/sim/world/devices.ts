import type { Clock } from '../../../server/src/clock/clock.ts'
import type { AnswersLedger } from '../answers-ledger.ts'
import { Device, type DeviceObserver } from '../device.ts'
import type { Dice } from '../dice.ts'
import type { Ledger } from '../ledger.ts'
import type { ReceiptsLedger } from '../receipts-ledger.ts'
import type { SimHistory } from '../sim-history.ts'
import type { Tally } from './tally.ts'

/** Where devices are watched. */
type Watch = {
  readonly tally: Tally
  readonly dice: Dice
  readonly clock: Clock
  readonly history: SimHistory
  readonly ledger: Ledger
  readonly receipts: ReceiptsLedger
  readonly answers: AnswersLedger
  readonly rung: Map<Device, string[]>
  guard(check: () => void): void
  upMs(): number
}

const USERS = ['acme/alice', 'acme/__proto__', 'globex/alice', 'globex/carol']
const IDS = ['phone', 'tab', 'constructor']

/** Everybody who has a device. */
export function makeDevices(stage: Watch): readonly Device[] {
  const observer = observerOf(stage)
  return USERS.flatMap((user) => {
    const [organizationId = '', userId = ''] = user.split('/')
    return IDS.map(
      (userEndpointId) => new Device({ organizationId, userId, userEndpointId }, stage.dice, observer),
    )
  })
}

/** What devices get and say is written down, and held against what is owed. */
function observerOf(stage: Watch): DeviceObserver {
  const { tally, history, ledger, receipts, answers, rung, clock } = stage
  return {
    onReceipt(device, receipt) {
      tally.receipts++
      history.delivered(device, receipt)
      stage.guard(() => ledger.receive(device, receipt))
      const send = ledger.sends.get(receipt.eventId)
      stage.guard(() => receipts.receive(device, send, receipt.eventId, clock.wallMs()))
      stage.guard(() => answers.receive(device, receipt.eventId))
      if (send?.terms.overId !== undefined) rung.set(device, [...(rung.get(device) ?? []), receipt.eventId])
    },
    onConnect({ name }) {
      const link = history.recorder.newLink()
      history.recorder.add({ kind: 'link_up', link, endpoint: name, qos: 1 })
      return link
    },
    onDisconnect: (link) => history.recorder.add({ kind: 'link_down', link }),
    onAcknowledge(device, link, eventId) {
      history.acknowledged(device, link, eventId)
      receipts.acknowledge(device, eventId)
      if (device.life !== undefined) ledger.acknowledge(device.life, eventId, stage.upMs())
    },
  }
}
