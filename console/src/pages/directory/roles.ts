/** What an authority of a role lets its holders do, after `lets its holders`. */
export const ROLES = {
  administrator: 'administer their organization',
  service: 'everything, in every organization',
} as const
