/** In a page: has the worker registered, under a policy that lets no plain text be a script's address. */
export function registeringWorker(name: string): string {
  return `
const policy = globalThis.trustedTypes?.createPolicy('worker', { createScriptURL: (url) => url })
const script = policy?.createScriptURL('./${name}') ?? './${name}'
await navigator.serviceWorker.register(script, { type: 'module' })
const worker = await navigator.serviceWorker.ready
`
}

/** A page that is reachable as docs/wake-ups.md has it: its title is the id of its endpoint once it is. */
export function sleepingPage(worker: string): string {
  return `
import { connect, tokenSource, webPush } from './sdk.js'
const url = location.origin
const grant = { type: 'password', username: 'bob', password: 'bob-password' }
const getToken = tokenSource({ url, clientId: 'customer', grant })
${registeringWorker(worker)}
const tell = (error) => { document.title = 'error ' + error.message }
const wakeUp = webPush(worker)
const registration = connect({ url, getToken, onEvent: tell, onError: tell, keepAliveSeconds: 600, wakeUp })
await registration.online()
document.title = registration.userEndpointId
`
}

/** The worker of docs/wake-ups.md, which besides keeps what it was told where a page can read it. */
export const WORKER = `
import { readPush } from './sdk.js'

self.addEventListener('push', (event) => {
  const push = readPush(event.data)
  if (push === undefined) return
  const kept = caches.open('told').then((told) => told.put('/' + push.eventId, new Response(JSON.stringify(push))))
  const shown = self.registration.showNotification('Incoming call', { tag: push.eventId, data: push })
  event.waitUntil(Promise.all([kept, shown.catch(() => undefined)]))
})
`

/** In a page of the same origin: what the worker was told of that event. */
export async function toldOf(eventId: unknown): Promise<unknown> {
  const told = await caches.match(`/${String(eventId)}`)
  return told?.json()
}

declare const caches: { match(path: string): Promise<{ json(): Promise<unknown> } | undefined> }
