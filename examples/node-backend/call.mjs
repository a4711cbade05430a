// A call: rings all devices of somebody until one answers, and says which.
//
//   node examples/node-backend/call.mjs bob 'Alice'
//
// Reads ROLLCALL_URL, ROLLCALL_CLIENT and ROLLCALL_CLIENT_SECRET; without them it is a backend of the demo directory.
// Exit codes: 0 somebody has answered, 6 nobody, 2 wrong use, 1 anything else.

import { createBackend } from '@rollcall/client'

const [userId, caller = 'Somebody'] = process.argv.slice(2)
if (userId === undefined) {
  console.error('usage: call.mjs USER [CALLER]')
  process.exit(2)
}

const backend = createBackend({
  url: process.env['ROLLCALL_URL'] ?? 'http://127.0.0.1:8080',
  credentials: {
    clientId: process.env['ROLLCALL_CLIENT'] ?? 'acme-backend',
    clientSecret: process.env['ROLLCALL_CLIENT_SECRET'] ?? 'acme-secret',
  },
})

/** How long it rings; seconds. */
const RING_SECONDS = 25

try {
  const { count, connected, answeredBy } = await backend.send(
    {
      userId,
      qos: 1,
      event: { type: 'CallOfferedEvent', caller },
      // A phone that comes back later does not ring any more.
      ttlSeconds: RING_SECONDS,
      // To all other devices once one has answered, so that they fall silent.
      cancelOthers: { event: { type: 'CallCancelledEvent', reason: 'answered elsewhere' } },
      // A device's receipt says that it rings, and only an answer that a person took the call.
      waitFor: 'answered',
    },
    // Held until one answers or the time is over; not at all where nothing is connected.
    { waitSeconds: RING_SECONDS },
  )
  if (answeredBy !== undefined) console.log(`${userId} answered at ${answeredBy}`)
  else if (count === 0 || connected === 0) console.log(`${userId} is unavailable`)
  else console.log(`${userId} did not answer`)
  process.exitCode = answeredBy === undefined ? 6 : 0
} catch (error) {
  // A RollcallError is what the server refused, and its `code` is for programs: docs/errors.md.
  console.error(error)
  process.exitCode = 1
}
