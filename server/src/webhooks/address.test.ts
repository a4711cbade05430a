import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeAddresses } from './address.ts'

const PUBLIC = ['1.1.1.1', '8.8.8.8', '100.63.255.255', '100.128.0.0', '172.32.0.1', '223.255.255.255']
const PUBLIC_6 = ['2606:4700:4700::1111', '2a00::1', '2003::1']

const REFUSED: ReadonlyMap<string, readonly string[]> = new Map([
  ['unspecified and "this network"', ['0.0.0.0', '0.1.2.3', '::']],
  ['loopback', ['127.0.0.1', '127.255.255.255', '::1']],
  ['private', ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', 'fc00::1', 'fd12:3456::1']],
  ['link-local, with the metadata services of clouds', ['169.254.169.254', 'fe80::1', 'fe80::1%eth0']],
  ['carrier-grade NAT', ['100.64.0.1', '100.127.255.255']],
  ['multicast, reserved and broadcast', ['224.0.0.1', '240.0.0.1', '255.255.255.255', 'ff02::1']],
  [
    'documentation and benchmarks',
    ['192.0.2.1', '198.51.100.1', '203.0.113.9', '198.18.0.1', '2001:db8::1', '3fff::1'],
  ],
  ['IPv4-mapped', ['::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:7f00:1', '::127.0.0.1']],
  ['NAT64, 6to4 and Teredo', ['64:ff9b::7f00:1', '64:ff9b:1::a00:1', '2002:7f00:1::', '2001::1']],
  ['unique and site-local, discard-only', ['fec0::1', '100::1', '5f00::1']],
  ['what is no address', ['', 'localhost', '127.1', '0x7f.0.0.1', '1.2.3.4.5', '1.2.3.4/8']],
])

test('over TLS only addresses of the public internet are taken', () => {
  const { isAllowed } = judgeAddresses([])
  for (const address of [...PUBLIC, ...PUBLIC_6]) assert.equal(isAllowed(address, true), true, address)
  for (const [kind, addresses] of REFUSED)
    for (const address of addresses) assert.equal(isAllowed(address, true), false, `${kind}: ${address}`)
})

test('without TLS only those that are allowed by name', () => {
  const { isAllowed } = judgeAddresses(['10.1.0.0/16', '::1', '64:ff9b::/96'])
  for (const address of [...PUBLIC, ...PUBLIC_6]) assert.equal(isAllowed(address, false), false, address)
  for (const address of ['10.1.2.3', '::1', '64:ff9b::1', '::ffff:10.1.2.3', '::ffff:a01:203'])
    for (const isEncrypted of [true, false])
      assert.equal(isAllowed(address, isEncrypted), true, `${address} ${isEncrypted}`)
  for (const address of ['10.2.0.1', '127.0.0.1', '::2', '::ffff:127.0.0.1'])
    assert.equal(isAllowed(address, true), false, address)
})
