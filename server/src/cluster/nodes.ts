/** Which nodes there are, as far as this one knows. */
export interface Nodes {
  /**
   * This node's *incarnation*, which no other process has and none had before. It changes where the node was buried (taken
   * for dead) and came back: what others remember of it is over then.
   */
  readonly self: string
  /** Whether there is never another one. Then nothing is lost on the way to anybody. */
  readonly isAlone: boolean
  /**
   * Whether others still count on this node, by its own clock: it told them lately that it is there. Where it did not, it may
   * have been buried without knowing, and what it has heard so far may be out of date. Cheap, and asked at every call.
   */
  isMember(): boolean
  /** Whether this node sweeps that part of the store. Two may think so for a moment, or for a moment nobody. Cheap. */
  sweeps(partition: number): boolean
  /**
   * Which node looks after something that one of them must do alone, by a name for it: all that know of each other find the
   * same. Two may for a moment. Cheap.
   */
  keeperOf(what: string): string
  /** The incarnations of all others that were heard of lately. One that came or went a moment ago may be wrong. Cheap. */
  heard(): readonly string[]
  /**
   * The incarnations of all others that were not buried, asked for now: whoever comes later finds what is in the store now.
   *
   * @throws RollcallError `unavailable`
   */
  others(): Promise<readonly string[]>
  /**
   * Has `listener` called when this node comes back after its burial, with another incarnation: its links are gone from the
   * store. It is no member before all listeners are done.
   */
  onReturn(listener: () => Promise<void> | void): void
  /** Has `listener` called when another node was buried, and what it had is put away: perhaps more than once. */
  onBuried(listener: (node: string) => void): void
}

/** A node as the table has it. */
export type Listed = {
  readonly node: string
  /** Since it said that it is there, by the table's clock. */
  readonly silentMs: number
  /** It is not counted on any more. It stays in the list until what it had is put away. */
  readonly isBuried: boolean
}

/** A node as another one sees it. */
export type SeenNode = {
  readonly node: string
  /** Since it said that it is there, milliseconds: about. */
  readonly silentMs: number
  /** `silent`: others do its part; `gone`: it was buried. */
  readonly state: 'there' | 'silent' | 'gone'
}

/** What the table answers a beat with: everybody, the node itself included; `undefined`: it is not in the table any more. */
export type Beat = readonly Listed[] | undefined

/**
 * Where nodes say that they are there. It is shared by all, and has one clock, which stands while nobody can reach it: an
 * outage of the table makes nobody look dead. Every operation may reject as `unavailable`, and may be repeated.
 */
export interface NodeTable {
  /** A node comes in, by an incarnation that never was. */
  join(node: string): Promise<readonly Listed[]>
  /** A node is there. Refused to one that was buried or is unknown. */
  beat(node: string): Promise<Beat>
  /** A node that was silent for too long cannot come back by this incarnation. */
  bury(node: string): Promise<void>
  /** What a node had is put away: it goes from the list. Returns whether it was there: one of those who do it is told so. */
  remove(node: string): Promise<boolean>
}
