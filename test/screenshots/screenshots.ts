import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Browser, chromium } from 'playwright-core'
import { freePort } from '../../bench/src/lab/free-port.ts'
import { chromiumFlags, chromiumPath } from '../helpers/chromium.ts'
import { makeDataDir, startProcess } from '../helpers/run-server.ts'
import { WebhookReceiver } from '../helpers/webhook-receiver.ts'
import { enterConsole, shootConsole, shootNow } from './console.ts'
import { buryDeadLetters } from './dead-letters.ts'
import { connectDevices } from './devices.ts'
import { writeDirectory } from './directory.ts'
import { LOOKS, openLook } from './pictures.ts'
import { shootRing } from './ring.ts'
import { shootDirectory } from './stored-directory.ts'
import { openBackend, startTraffic, tellStory } from './traffic.ts'

// `npm run screenshots`: pictures of the console and of the example into docs/images/, of a real server with devices
// and traffic made up.

// `npm run screenshots -- --seconds 300`: as long there is traffic first; Now shows the last five minutes.
// `-- --only directory`: those of the directory alone, which want no traffic.
const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '80' }, only: { type: 'string' } },
})
const TRAFFIC_SECONDS = Number(values.seconds)

async function shootConsoles(browser: Browser): Promise<void> {
  const data = await makeDataDir()
  const [hears, refuses] = [new WebhookReceiver(), new WebhookReceiver()]
  refuses.behave = (response) => response.writeHead(503).end()
  await Promise.all([hears.start(), refuses.start()])
  await buryDeadLetters(data.path, 'crm')
  const { secret } = hears
  const directory = await writeDirectory(data.path, [
    { id: 'presence', url: hears.url, secret, events: ['*'] },
    { id: 'crm', url: refuses.url, secret, events: ['UserEndpointRegisteredEvent'] },
    { id: 'archive', url: hears.url, secret, events: ['*'], enabled: false },
  ])
  const mqttPort = await freePort()
  const server = await startProcess(data.path, {
    DIRECTORY_FILE: directory,
    MQTT_PORT: String(mqttPort),
    WEBHOOK_PRIVATE_ADDRESSES: '127.0.0.1',
  })
  try {
    const pages = await Promise.all(LOOKS.map((look) => openLook(browser, look)))
    for (const [index, page] of pages.entries()) await enterConsole(page, server.url, lookAt(index))
    const disconnect = await connectDevices(server, mqttPort)
    const backend = openBackend(server.url)
    const stop = startTraffic(backend)
    process.stderr.write(`Traffic for ${TRAFFIC_SECONDS} s …\n`)
    await sleep(TRAFFIC_SECONDS * 1000)
    for (const [index, page] of pages.entries()) await shootNow(page, lookAt(index))
    await stop()
    const eventId = await tellStory(backend, server.url)
    for (const [index, page] of pages.entries()) {
      await shootConsole(page, server.url, eventId, lookAt(index))
      await page.context().close()
    }
    await disconnect()
  } finally {
    await server.kill()
    await Promise.all([hears.stop(), refuses.stop()])
    await data.remove()
  }
}

/** The example is there with the demo directory only, so it has a server of its own. */
async function shootExample(browser: Browser): Promise<void> {
  const data = await makeDataDir()
  const server = await startProcess(data.path)
  try {
    for (const look of LOOKS) await shootRing(browser, server.url, look)
  } finally {
    await server.kill()
    await data.remove()
  }
}

function lookAt(index: number) {
  return LOOKS[index] ?? LOOKS[0]
}

const browser = await chromium.launch({ executablePath: chromiumPath(), args: [...chromiumFlags()] })
try {
  await shootDirectory(browser)
  if (values.only !== 'directory') {
    await shootExample(browser)
    await shootConsoles(browser)
  }
} finally {
  await browser.close()
}
