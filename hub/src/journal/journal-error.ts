/** Trouble with the store, as every function of the journal tells it. */

export const JOURNAL_ERROR_CODES = ['full', 'broken', 'busy', 'closed', 'unsupported', 'sealed'] as const;
/**
 * full: no space left, nothing was written, later writes may work. broken: an I/O error; no later write is
 * taken. busy: too many writes wait; try again. unsupported: this store or version cannot be used.
 * sealed: a secret cannot be opened with this master key.
 */
export type JournalErrorCode = (typeof JOURNAL_ERROR_CODES)[number];

export class JournalError extends Error {
  readonly code: JournalErrorCode;

  constructor(code: JournalErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'JournalError';
    this.code = code;
  }
}
