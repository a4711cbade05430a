import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Amounts, type Figures, type Peer, scaled } from '../cases/case.ts'
import { throughputFigures } from '../cases/throughput.ts'
import { freePort } from '../lab/free-port.ts'
import type { Lab } from '../lab/lab.ts'

const PROGRAM = '/usr/sbin/kamailio'
const USERS = 2_000

/** REGISTER over UDP that refreshes a contact, in memory, without authentication. */
export const kamailio: Peer = {
  name: 'Kamailio (C), REGISTER refresh, in memory',
  debianPackage: 'kamailio',
  files: [PROGRAM],
  run,
}

async function run(lab: Lab, amounts: Amounts): Promise<Figures> {
  const users = scaled(USERS, amounts)
  const port = await freePort()
  await using peer = await lab.startPeer({
    name: 'Kamailio',
    program: PROGRAM,
    port,
    isUdp: true,
    // One process in the foreground, so that its time is all there is.
    args: (folder) => [
      '-D',
      '-E',
      '-Y',
      folder,
      '-P',
      join(folder, 'pid'),
      '-f',
      writeConfiguration(folder, port),
    ],
  })
  const work = { kind: 'sip-register', users } as const
  const sent = await lab.send(peer, { work, pace: { kind: 'back-to-back', ...amounts } })
  return throughputFigures(sent)
}

function writeConfiguration(folder: string, port: number): string {
  const file = join(folder, 'kamailio.cfg')
  writeFileSync(
    file,
    `debug=-1
fork=no
children=1
disable_tcp=yes
auto_aliases=no
dns=no
rev_dns=no
listen=udp:127.0.0.1:${port}
loadmodule "sl.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
modparam("usrloc", "db_mode", 0)
modparam("registrar", "default_expires", 3600)
request_route {
  if (method == "REGISTER") {
    save("location");
    exit;
  }
  sl_send_reply("404", "Not here");
}
`,
  )
  return file
}
