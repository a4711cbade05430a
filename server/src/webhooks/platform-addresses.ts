/**
 * Where clouds tell a machine its own secrets (instance metadata, credentials of its role), and other services of the
 * platform that answer to whoever stands on the machine. No webhook is ever sent there, whatever is allowed: who may
 * name a webhook must not be able to speak in the machine's place.
 *
 * All of link-local, where nearly all of them are and where no receiver of webhooks can be: nobody routes it.
 * The others stand outside of it, two of them among public or shared addresses.
 */
export const PLATFORM_ADDRESSES: readonly (readonly [string, number])[] = [
  ['169.254.0.0', 16], // AWS, Azure, Google, Oracle, DigitalOcean, OpenStack, …; credentials of AWS's containers
  ['fe80::', 10], // OpenStack
  ['fd00:ec2::', 32], // AWS
  ['fd20:ce::254', 128], // Google
  ['fd00:c1::a9fe:a9fe', 128], // Oracle
  ['fd00:42::42', 128], // Scaleway
  ['168.63.129.16', 32], // Azure's platform; a public address by its number
  ['100.100.100.200', 32], // Alibaba Cloud; among those of carrier-grade NAT
  ['192.0.0.192', 32], // Oracle, earlier
]
