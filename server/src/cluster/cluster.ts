import type { Nodes } from './nodes.ts'
import type { Requests } from './requests.ts'
import type { Router } from './router.ts'
import type { Told } from './told.ts'

export { Membership } from './membership.ts'
export { decodeMessage, encodeMessage } from './message.ts'
export type { Beat, Listed, Nodes, NodeTable, SeenNode } from './nodes.ts'
export { Recent } from './recent.ts'
export { keeperOf } from './rendezvous.ts'
export { type Requests, RequestsOverRouter } from './requests.ts'
export { type Receiver, type Router, SUBJECTS, type Subject } from './router.ts'
export { Stamps } from './stamps.ts'
export { Told } from './told.ts'

/**
 * The processes that are one service: who is there, and how they tell each other. Each is a *node*. What belongs to nobody but
 * one node is done there directly; only what concerns another's goes through here, so that where there is one, nothing does.
 */
export type Cluster = {
  /** What this node has heard of what the store says that it was to be told. */
  readonly told: Told
  readonly nodes: Nodes
  readonly router: Router
  readonly requests: Requests
}
