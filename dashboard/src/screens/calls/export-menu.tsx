import './export-menu.css';
import type { ExportFormat } from '../../../../hub/src/api/export-format.ts';
import type { CallQuery } from './call-query.ts';

import { EXPORT_FORMATS } from '../../../../hub/src/api/export-format.ts';
import { LinkButton } from '../../components/button.tsx';
import { Popover } from '../../components/popover.tsx';
import { toPresetLabel } from '../../components/time-span.ts';
import { toPath } from '../../data/api.ts';
import { formatDateTime } from '../../data/format.ts';
import { session } from '../../data/session.ts';
import { toApiQuery } from './call-query.ts';

/** Files that the browser saves by itself: the link is the request, and the cookie the key. */
export function ExportMenu({ query }: { readonly query: CallQuery }) {
  return (
    <Popover label="Export" icon="download" align="end">
      {(close) => (
        <div class="export">
          <h2 class="export-title">Export calls</h2>
          <p class="export-text">
            All calls that match
            {query.q === '' ? (
              ''
            ) : (
              <>
                {' '}
                <code class="export-filter">{query.q}</code>
              </>
            )}
            , {toSpanText(query)}, not only those loaded here. Phone numbers are{' '}
            <strong>{session.value?.revealed === true ? 'in full' : 'masked'}</strong>.
          </p>
          <div class="row">
            {EXPORT_FORMATS.map((format) => (
              <LinkButton
                key={format}
                kind={format === 'csv' ? 'primary' : 'normal'}
                size="small"
                href={toExportHref(query, format)}
                download=""
                onClick={close}
              >
                {FORMAT_WORDS[format].name}
              </LinkButton>
            ))}
          </div>
          <p class="export-hint">
            {EXPORT_FORMATS.map(
              (format) => `${FORMAT_WORDS[format].name} is for ${FORMAT_WORDS[format].use}`,
            ).join(', ')}
            . The export is noted in the audit log.
          </p>
        </div>
      )}
    </Popover>
  );
}

/** Those that the hub of this page offers. */
const FORMAT_WORDS: Readonly<Record<ExportFormat, { readonly name: string; readonly use: string }>> = {
  csv: { name: 'CSV', use: 'spreadsheets' },
  ndjson: { name: 'NDJSON', use: 'programs' },
  parquet: { name: 'Parquet', use: 'data warehouses' },
};

export function toExportHref(query: CallQuery, format: ExportFormat): string {
  return toPath('/v1/export/calls', { format, ...toApiQuery(query) });
}

function toSpanText({ since, until }: CallQuery): string {
  const end = until === null ? '' : ` until ${formatDateTime(until)}`;
  if (since === null) return until === null ? 'as far back as is kept' : `up to ${formatDateTime(until)}`;
  const preset = toPresetLabel(since);
  return preset === null
    ? `changed since ${formatDateTime(since)}${end}`
    : `changed in the ${preset.toLowerCase()}${end}`;
}
