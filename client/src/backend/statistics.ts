import type { Statistics } from '@rollcall/protocol/statistics'
import { array, integer, number, object, string, unexpected } from '../answers.ts'

export function parseStatistics(value: unknown): Statistics {
  const answer = object(value, 'the statistics')
  const { organizationId } = answer
  const delivery = object(answer['deliveryMs'], 'deliveryMs')
  const lateness = object(answer['expiryLatenessMs'], 'expiryLatenessMs')
  const deliveryBounds = parseBounds(delivery['bounds'])
  const latenessBounds = parseBounds(lateness['bounds'])
  return {
    at: string(answer['at'], 'at'),
    since: string(answer['since'], 'since'),
    organizationId: organizationId === null ? null : string(organizationId, 'organizationId'),
    registrations: integer(answer['registrations'], 'registrations'),
    connected: integer(answer['connected'], 'connected'),
    mailboxEvents: integer(answer['mailboxEvents'], 'mailboxEvents'),
    // Servers before it do not tell.
    mailboxBytes: integer(answer['mailboxBytes'] ?? 0, 'mailboxBytes'),
    qos0: parseQosZero(answer['qos0']),
    qos1: parseQosOne(answer['qos1']),
    ended: parseEnded(answer['ended']),
    deliveryMs: {
      bounds: deliveryBounds,
      qos0: parseCounts(delivery['qos0'], deliveryBounds),
      qos1: parseCounts(delivery['qos1'], deliveryBounds),
    },
    expiryLatenessMs: { bounds: latenessBounds, counts: parseCounts(lateness['counts'], latenessBounds) },
    ...parseShares(answer['shares']),
    ...parseNodes(answer['nodes']),
  }
}

function parseQosZero(value: unknown): Statistics['qos0'] {
  const counts = object(value, 'qos0')
  return {
    events: integer(counts['events'], 'events'),
    sent: integer(counts['sent'], 'sent'),
    notConnected: integer(counts['notConnected'], 'notConnected'),
    discarded: integer(counts['discarded'], 'discarded'),
    // Servers up to 0.2 do not count it.
    answered: integer(counts['answered'] ?? 0, 'answered'),
  }
}

function parseQosOne(value: unknown): Statistics['qos1'] {
  const counts = object(value, 'qos1')
  return {
    events: integer(counts['events'], 'events'),
    copies: integer(counts['copies'], 'copies'),
    acknowledged: integer(counts['acknowledged'], 'acknowledged'),
    expired: integer(counts['expired'], 'expired'),
    discarded: integer(counts['discarded'], 'discarded'),
    // A server older than these two does not tell them apart.
    registrationEnded: integer(counts['registrationEnded'] ?? 0, 'registrationEnded'),
    superseded: integer(counts['superseded'] ?? 0, 'superseded'),
    mailboxFull: integer(counts['mailboxFull'], 'mailboxFull'),
    woken: integer(counts['woken'] ?? 0, 'woken'),
    answered: integer(counts['answered'] ?? 0, 'answered'),
  }
}

function parseEnded(value: unknown): Statistics['ended'] {
  const counts = object(value, 'ended')
  return {
    expired: integer(counts['expired'], 'expired'),
    unregistered: integer(counts['unregistered'], 'unregistered'),
  }
}

/** A server older than that does not tell. */
function parseShares(value: unknown): Pick<Statistics, 'shares'> {
  if (value === undefined) return {}
  const shares = Object.entries(object(value, 'shares')).map(([thing, share]) => {
    const { used, max } = object(share, 'a share')
    return [thing, { used: integer(used, 'used'), max: integer(max, 'max') }] as const
  })
  return { shares: Object.fromEntries(shares) }
}

/** A server older than that does not tell. */
function parseNodes(value: unknown): Pick<Statistics, 'nodes'> {
  if (value === undefined) return {}
  const nodes = object(value, 'nodes')
  const silent = array(nodes['silent'], 'silent').map((node) => string(node, 'a node'))
  return { nodes: { answered: integer(nodes['answered'], 'answered'), silent } }
}

function parseBounds(value: unknown): readonly number[] {
  return array(value, 'bounds').map((bound) => number(bound, 'a bound'))
}

/** Whoever goes by the bounds must not come to a count that is missing. */
function parseCounts(value: unknown, bounds: readonly number[]): readonly number[] {
  const counts = array(value, 'counts').map((count) => integer(count, 'a count'))
  if (counts.length === bounds.length + 1) return counts
  throw unexpected('the counts do not fit the bounds')
}
