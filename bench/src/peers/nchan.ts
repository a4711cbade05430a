import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Amounts, type Figures, type Peer, scaled } from '../cases/case.ts'
import { throughputFigures } from '../cases/throughput.ts'
import { freePort } from '../lab/free-port.ts'
import type { Lab } from '../lab/lab.ts'

const PROGRAM = '/usr/sbin/nginx'
const MODULE = '/usr/lib/nginx/modules/ngx_nchan_module.so'
const DEVICES = 1_000

/** One HTTP POST to one WebSocket; nothing is kept for who is not there. */
export const nchan: Peer = {
  name: 'Nchan (C, nginx)',
  debianPackage: 'libnginx-mod-nchan',
  files: [PROGRAM, MODULE],
  run,
}

async function run(lab: Lab, amounts: Amounts): Promise<Figures> {
  const devices = scaled(DEVICES, amounts)
  const port = await freePort()
  await using peer = await lab.startPeer({
    name: 'nginx',
    program: PROGRAM,
    port,
    args: (folder) => ['-p', folder, '-c', writeConfiguration(folder, port)],
  })
  await using receiver = lab.startReceiver()
  const links = { links: devices, stride: 1, endpointsPerUser: 1, speaks: 'nchan' as const }
  await lab.connect(receiver, peer, links)
  const sent = await lab.send(peer, {
    work: { kind: 'nchan', devices },
    pace: { kind: 'back-to-back', ...amounts },
  })
  await lab.tally(receiver, sent)
  return throughputFigures(sent)
}

/**
 * One process, so that its time is all there is; connections stay open for as long as the run. What nobody keeps takes
 * memory for some seconds all the same, and where there is none Nchan closes connections.
 */
function writeConfiguration(folder: string, port: number): string {
  const file = join(folder, 'nginx.conf')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${join(folder, kind)};`,
  )
  writeFileSync(
    file,
    `load_module ${MODULE};
daemon off;
master_process off;
pid ${join(folder, 'nginx.pid')};
error_log stderr error;
events { worker_connections 8192; }
http {
  access_log off;
  ${temporary.join('\n  ')}
  nchan_shared_memory_size 1g;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  client_body_buffer_size 16k;
  server {
    listen 127.0.0.1:${port};
    location = /health/ready { return 200; }
    location = /pub { nchan_publisher; nchan_channel_id $arg_id; nchan_message_buffer_length 0; }
    location = /sub { nchan_subscriber websocket; nchan_channel_id $arg_id; }
  }
}
`,
  )
  return file
}
