import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Amounts, type Figures, type Peer, scaled } from '../cases/case.ts'
import { throughputFigures } from '../cases/throughput.ts'
import { freePort } from '../lab/free-port.ts'
import type { Lab } from '../lab/lab.ts'

const PROGRAM = '/usr/sbin/mosquitto'
const DEVICES = 1_000

/** One PUBLISH at QoS 1 over TCP to one WebSocket; it keeps nothing on disk. */
export const mosquitto: Peer = {
  name: 'Mosquitto (C), MQTT in, not durable',
  debianPackage: 'mosquitto',
  files: [PROGRAM],
  run,
}

async function run(lab: Lab, amounts: Amounts): Promise<Figures> {
  const devices = scaled(DEVICES, amounts)
  const [port, mqttPort] = [await freePort(), await freePort()]
  await using peer = await lab.startPeer({
    name: 'Mosquitto',
    program: PROGRAM,
    port,
    args: (folder) => ['-c', writeConfiguration(folder, port, mqttPort)],
  })
  await using receiver = lab.startReceiver()
  await lab.connect(receiver, peer, { links: devices, stride: 1, endpointsPerUser: 1 })
  const sent = await lab.send(peer, {
    work: { kind: 'topics', devices, mqttPort },
    pace: { kind: 'back-to-back', ...amounts },
  })
  await lab.tally(receiver, sent)
  return throughputFigures(sent)
}

function writeConfiguration(folder: string, port: number, mqttPort: number): string {
  const file = join(folder, 'mosquitto.conf')
  writeFileSync(
    file,
    `user root
allow_anonymous true
persistence false
log_type error
set_tcp_nodelay true
listener ${mqttPort} 127.0.0.1
listener ${port} 127.0.0.1
protocol websockets
`,
  )
  return file
}
