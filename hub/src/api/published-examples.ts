/** The three payloads of the source document, verbatim. */
import ended from '@offhook/contract/vectors/payloads/ended.json' with { type: 'json' };
import endedWithError from '@offhook/contract/vectors/payloads/ended-with-error.json' with { type: 'json' };
import inProgress from '@offhook/contract/vectors/payloads/in-progress.json' with { type: 'json' };

export const PUBLISHED_EXAMPLES: Readonly<Record<string, unknown>> = {
  'in-progress': inProgress,
  ended,
  'ended-with-error': endedWithError,
};
