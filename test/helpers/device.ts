import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { IClientOptions } from 'mqtt'
import { call } from './call.ts'
import { signIn } from './demo.ts'
import { connectPhone, type Phone } from './phone.ts'

/** A device of a user of the demo directory, registered until its test ends. */
export type Device = {
  readonly id: string
  /** Connects, and listens at QoS 1. */
  connect(options?: IClientOptions): Promise<Phone>
  unregister(): Promise<void>
}

export async function registerDevice(
  t: TestContext,
  url: string,
  username: string,
  id: string,
  keepAliveSeconds = 3600,
): Promise<Device> {
  const { accessToken } = await signIn(url, username)
  const command = { userEndpointId: id, keepAliveSeconds }
  const { status, text } = await call(url, accessToken, 'POST users/endpoints/register', command)
  assert.equal(status, 200, text)
  const phones: Phone[] = []
  const unregister = async (): Promise<void> => {
    await call(url, accessToken, 'POST users/endpoints/unregister', { userEndpointId: id })
  }
  t.after(async () => {
    await Promise.all(phones.map((phone) => phone.end()))
    await unregister()
  })
  return {
    id,
    unregister,
    async connect(options) {
      const phone = await connectPhone(url, username, accessToken, options)
      phones.push(phone)
      assert.deepEqual(await phone.subscribe(`users/endpoints/${id}`), [1])
      return phone
    },
  }
}
