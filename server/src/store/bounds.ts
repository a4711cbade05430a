/** How much each small table keeps; the same in every engine. */

/** Answers remembered for idempotency keys. Past it the oldest are forgotten. */
export const ANSWERS_MAX = 1_000_000

/** Refresh families in all. Past it the oldest are forgotten, whoever's they are. */
export const REFRESH_FAMILIES_MAX = 1_000_000

/** Revoked tokens that still have to be remembered. Past it adding is refused: forgetting one would let it in. */
export const REVOKED_TOKENS_MAX = 200_000
