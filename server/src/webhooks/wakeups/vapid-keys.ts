import webPush from 'web-push'

/** Makes a pair of keys that tells push services which server writes (RFC 8292), as configuration has it. */
export function makeVapidKeys(): { readonly vapidPublicKey: string; readonly vapidPrivateKey: string } {
  const { publicKey, privateKey } = webPush.generateVAPIDKeys()
  return { vapidPublicKey: publicKey, vapidPrivateKey: privateKey }
}
