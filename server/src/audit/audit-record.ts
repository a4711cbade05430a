export type AuditAction =
  | 'sign_in'
  | 'sign_ins_held_off'
  | 'revoke_token'
  | 'revoke_user'
  | 'erase_user'
  | 'export_user'
  | 'kick_endpoint'
  | 'read_history'
  | 'read_presence'
  | 'read_dead_letters'
  | 'read_audit'
  | 'replay_dead_letters'
  | 'clear_dead_letters'
  | 'test_webhook'
  /** Of the directory, where it is kept in the store. */
  | 'add_entry'
  | 'change_entry'
  | 'remove_entry'
  | 'rotate_secret'
  | 'remove_former_secret'
  /** Of the processes of the service, where several may share a store. */
  | 'node_came'
  | 'node_left'
  | 'node_gone'
  /** Of the log itself: more of different kinds came within a minute than are written. */
  | 'not_written'

/**
 * What somebody did or was refused. Only ids, never what an event or a request says, a secret, a token, or what was typed
 * into a field.
 */
export type AuditRecord = {
  readonly action: AuditAction
  /** `done`, or the code of the refusal. */
  readonly outcome: string
  /** HTTP status of the answer, where it was a request to the API. */
  readonly status?: number
  /** What the caller is; absent where nobody has shown who it is. */
  readonly callerKind?: 'user' | 'client' | 'service'
  readonly callerId?: string
  /** `null`: of no organization. */
  readonly callerOrganizationId?: string | null
  readonly clientId?: string
  /** Address that it came from; absent where nobody asked for it. */
  readonly address?: string
  /** How a token was asked for. */
  readonly grant?: string
  /** Whom it was about. */
  readonly organizationId?: string | null
  readonly userId?: string
  /** Of several users the first ones, with slashes between, which no id has in it; and how many they are. */
  readonly userIds?: string
  readonly users?: number
  readonly userEndpointId?: string
  readonly webhookId?: string
  /** `organizations`, `users`, `clients` or `webhooks`. */
  readonly entryKind?: string
  readonly entryId?: string
  /** The incarnation of a process. */
  readonly node?: string
}

/** As it is written; instants are ISO 8601. */
export type AuditLine = AuditRecord & {
  readonly at: string
  /** How often it came since then, besides the first, which has a line of its own. */
  readonly count?: number
  readonly since?: string
}
