import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { judgeAddresses } from './address.ts'
import { HttpReceiver } from './post.ts'

const EVERYTHING = ['0.0.0.0/0', '::/0', '169.254.169.254', 'fd00:ec2::254', '168.63.129.16']

/** Metadata and platform services of clouds, and every spelling that leads to one. */
const PLATFORM = [
  ...['169.254.169.254', '169.254.170.2', '169.254.170.23', '169.254.0.23', '169.254.42.42'],
  ...['168.63.129.16', '100.100.100.200', '192.0.0.192'],
  ...['fd00:ec2::254', 'FD00:EC2:0:0::254', 'fd00:ec2::23', 'fd00:ec2::253'],
  ...['fd20:ce::254', 'fd00:c1::a9fe:a9fe', 'fd00:42::42', 'fe80::a9fe:a9fe', 'fe80::a9fe:a9fe%eth0'],
  ...['::ffff:169.254.169.254', '::ffff:a9fe:a9fe', '::FFFF:168.63.129.16', '::ffff:0:a9fe:a9fe'],
  ...['::169.254.169.254', '64:ff9b::a9fe:a9fe', '64:ff9b::168.63.129.16', '64:ff9b:1::a9fe:a9fe'],
  ...['2002:a9fe:a9fe::', '2002:a83f:8110::1', '2002:6464:64c8:1::2'],
]

const OTHERS = ['10.0.0.1', '127.0.0.1', '100.100.100.201', '168.63.129.17', '192.0.0.193', '1.1.1.1']
const OTHERS_6 = ['::1', 'fd00:ec3::1', '::ffff:10.0.0.1', '64:ff9b::10.0.0.1', '2002:a00:1::']

test('addresses of a cloud platform are refused whatever is allowed', () => {
  const { isAllowed } = judgeAddresses(EVERYTHING)
  for (const isEncrypted of [true, false]) {
    for (const address of PLATFORM) assert.equal(isAllowed(address, isEncrypted), false, address)
    for (const address of [...OTHERS, ...OTHERS_6])
      assert.equal(isAllowed(address, isEncrypted), true, address)
  }
})

test('also one among public addresses, where nothing is allowed by name', () => {
  const { isAllowed } = judgeAddresses([])
  assert.equal(isAllowed('168.63.129.16', true), false)
  assert.equal(isAllowed('168.63.129.17', true), true)
})

test('a name is judged by what it stands for', async (t) => {
  const receiver = new HttpReceiver({
    addresses: judgeAddresses(EVERYTHING),
    resolve: async () => ['169.254.169.254', 'fd00:ec2::254'],
    clock: createFakeClock(),
  })
  t.after(() => receiver.close())
  const message = { headers: {}, body: Buffer.from('{}') }
  const { signal } = new AbortController()
  for (const host of ['metadata.google.internal', '169.254.169.254', '[::ffff:a9fe:a9fe]', '2852039166'])
    assert.equal(await receiver.post(`http://${host}/`, message, signal), 'address_refused', host)
})
