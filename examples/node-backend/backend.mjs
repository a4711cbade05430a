// An appointment reminder: rings the patient's devices, and falls back to an SMS where none of them takes it.
//
//   node examples/node-backend/backend.mjs bob 'Dentist at 9:30'
//
// Reads ROLLCALL_URL, ROLLCALL_CLIENT and ROLLCALL_CLIENT_SECRET; without them it is a backend of the demo directory.
// Exit codes: 0 a device has it, 6 nobody could be reached (an SMS was sent), 2 wrong use, 1 anything else.

import { createBackend } from '@rollcall/client'

const [userId, appointment = 'You have an appointment tomorrow'] = process.argv.slice(2)
if (userId === undefined) {
  console.error('usage: backend.mjs USER [TEXT]')
  process.exit(2)
}

// Signs in by itself, keeps its token fresh, and tries again what met a server that was restarting. Every event has an
// idempotency key, so that trying again never reminds twice.
const backend = createBackend({
  url: process.env['ROLLCALL_URL'] ?? 'http://127.0.0.1:8080',
  credentials: {
    clientId: process.env['ROLLCALL_CLIENT'] ?? 'acme-backend',
    clientSecret: process.env['ROLLCALL_CLIENT_SECRET'] ?? 'acme-secret',
  },
})

/** How long a device has to take the reminder before the SMS goes out; seconds. */
const PATIENCE_SECONDS = 5

try {
  process.exitCode = (await remind(userId, appointment)) ? 0 : 6
} catch (error) {
  // A RollcallError is what the server refused, and its `code` is for programs: docs/errors.md.
  console.error(error)
  process.exitCode = 1
}

/**
 * Whether a device has the reminder.
 * @param {string} user
 * @param {string} text
 */
async function remind(user, text) {
  // A question that costs nothing. Not needed to send: the answer to that says the same, of the moment that counts.
  for (const { registered, connected } of await backend.presence([user]))
    console.log(`${user} has ${registered} registered devices, ${connected} of them connected`)

  const { count, acknowledged, eventId } = await backend.send(
    {
      userId: user,
      event: { type: 'AppointmentDueEvent', text },
      // What is said to patients is nobody else's business: devices get it, the history keeps only asterisks.
      masks: ['$.text'],
      // At least once: on disk before it is answered, sent again until a device has acknowledged it.
      qos: 1,
      // Past that it is discarded: by then the SMS is out, and two reminders are one too many.
      ttlSeconds: PATIENCE_SECONDS,
    },
    // Hold the answer until every device has it, or the time is over.
    { waitSeconds: PATIENCE_SECONDS },
  )

  if (acknowledged) console.log(`${acknowledged} of ${count} devices have the reminder`)
  else
    console.log(`SMS to ${user}: ${text} (${count === 0 ? 'no device is registered' : 'no device took it'})`)

  // What became of it, as an operator would look it up later.
  const { event, endpoints } = await backend.history.find(eventId)
  console.log(`history: ${event['type']}, text ${event['text']}`)
  for (const { userEndpointId, outcome } of endpoints) console.log(`  ${userEndpointId}: ${outcome}`)
  return acknowledged !== undefined && acknowledged > 0
}
