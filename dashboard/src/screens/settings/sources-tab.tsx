import type { Column } from '../../components/table.tsx';
import type { SourceView } from '../../data/types.ts';

import { useState } from 'preact/hooks';
import { Badge } from '../../components/badge.tsx';
import { Button, IconButton } from '../../components/button.tsx';
import { ConfirmDialog, Dialog } from '../../components/dialog.tsx';
import { Command } from '../../components/empty.tsx';
import { Field, TextArea, TextInput } from '../../components/field.tsx';
import { Section } from '../../components/page.tsx';
import { ProblemNote } from '../../components/problem.tsx';
import { Table } from '../../components/table.tsx';
import { LiveDuration, Time } from '../../components/time.tsx';
import { formatDuration } from '../../data/format.ts';
import { can } from '../../data/session.ts';
import { overview } from '../../data/stream.ts';
import { commit, useCommand, useList } from './use-list.ts';

type Asked =
  | { readonly kind: 'new' }
  | { readonly kind: 'edit' | 'delete'; readonly source: SourceView }
  | null;

/** Where reports come from: the address to give to the platform, how it is verified, and whether it talks. */
export function SourcesTab() {
  const list = useList<SourceView>('/v1/sources');
  const [asked, setAsked] = useState<Asked>(null);
  const close = (): void => setAsked(null);
  const { origin } = globalThis.location;
  return (
    <div class="settings-tab">
      <Section
        title="Sources"
        hint="Platforms report calls to these addresses"
        actions={
          can('write') && (
            <Button icon="plus" onClick={() => setAsked({ kind: 'new' })}>
              Add source
            </Button>
          )
        }
      >
        <Table<SourceView>
          caption="Sources"
          columns={toColumns(can('write') ? setAsked : null)}
          rows={list.rows}
          rowKey={(row) => row.id}
          isLoading={list.isLoading}
          fault={list.fault}
          onRetry={list.reload}
        />
      </Section>
      <Section title="Where to send reports">
        {list.rows
          .filter((source) => source.path !== null)
          .map((source) => (
            <Command key={source.id} label={source.name} text={`${origin}${source.path ?? ''}`} />
          ))}
        <Command label="By API, with a key" text={`PUT ${origin}/v1/calls/{call_id}/status`} />
      </Section>
      {asked !== null && asked.kind !== 'delete' && (
        <SourceDialog
          source={asked.kind === 'edit' ? asked.source : null}
          onClose={close}
          onSaved={list.reload}
        />
      )}
      {asked?.kind === 'delete' && (
        <ConfirmDialog
          isOpen
          onClose={close}
          onConfirm={() =>
            commit('DELETE', `/v1/sources/${asked.source.id}`, 'The source is gone').then(list.reload)
          }
          title={`Delete ${asked.source.name}?`}
          confirmLabel="Delete source"
          cancelLabel="Keep it"
          isDangerous
        >
          Webhooks to its address are answered with 404 from then on, so its platform will retry and then give
          up. Calls it has reported stay.
        </ConfirmDialog>
      )}
    </div>
  );
}

function toColumns(ask: ((asked: Asked) => void) | null): readonly Column<SourceView>[] {
  return [
    {
      key: 'name',
      title: 'Source',
      width: 'minmax(8rem, 1fr)',
      render: (row) => <strong>{row.name}</strong>,
    },
    {
      key: 'id',
      title: 'Id',
      width: 'minmax(7rem, 1fr)',
      hideBelow: 'md',
      render: (row) => <span class="mono clip">{row.id}</span>,
    },
    { key: 'kind', title: 'Kind', width: '7rem', hideBelow: 'sm', render: (row) => row.kind },
    { key: 'verified', title: 'Verified by', width: '11rem', render: (row) => <Verification source={row} /> },
    {
      key: 'last',
      title: 'Last report',
      width: 'minmax(10rem, 1.4fr)',
      render: (row) => <LastReport id={row.id} />,
    },
    {
      key: 'acts',
      title: 'Actions',
      isTitleHidden: true,
      width: '6rem',
      align: 'end',
      render: (row) =>
        ask === null || row.kind === 'api' ? null : (
          <span class="row-actions">
            <IconButton
              icon="edit"
              label={`Edit ${row.name}`}
              onClick={() => ask({ kind: 'edit', source: row })}
            />
            {row.id !== 'voicedock' && (
              <IconButton
                icon="trash"
                label={`Delete ${row.name}`}
                onClick={() => ask({ kind: 'delete', source: row })}
              />
            )}
          </span>
        ),
    },
  ];
}

function Verification({ source }: { readonly source: SourceView }) {
  if (source.kind === 'api') return <Badge icon="key">API key</Badge>;
  if (source.secrets === 0)
    return (
      <Badge tone="warn" icon="alert">
        No secret stored
      </Badge>
    );
  return (
    <Badge tone="good" icon="lock">
      {source.secrets === 1 ? 'Signature' : `Signature, ${source.secrets} secrets`}
    </Badge>
  );
}

function LastReport({ id }: { readonly id: string }) {
  const source = overview.value?.sources.find((one) => one.id === id);
  if (source === undefined) return <span class="muted">–</span>;
  if (source.last_report_at === null) return <span class="muted">Never</span>;
  if (source.silent_since !== null) {
    return (
      <Badge tone="warn" icon="bell">
        Silent for <LiveDuration sinceMs={Date.parse(source.last_report_at)} />
      </Badge>
    );
  }
  return (
    <span>
      <Time at={source.last_report_at} />
      {source.usual_gap_ms !== null && (
        <span class="muted">, usually every {formatDuration(source.usual_gap_ms)}</span>
      )}
    </span>
  );
}

function SourceDialog({
  source,
  onClose,
  onSaved,
}: {
  readonly source: SourceView | null;
  readonly onClose: () => void;
  readonly onSaved: () => void;
}) {
  const [name, setName] = useState(source?.name ?? '');
  const [secrets, setSecrets] = useState('');
  const command = useCommand<SourceView>();
  const given = secrets
    .split('\n')
    .map((one) => one.trim())
    .filter((one) => one !== '');

  const save = async (): Promise<void> => {
    const saved =
      source === null
        ? await command.run('POST', '/v1/sources', { kind: 'voicedock', name: name.trim(), secrets: given })
        : await command.run('PATCH', `/v1/sources/${source.id}`, {
            name: name.trim(),
            ...(given.length > 0 && { secrets: given }),
          });
    if (saved === undefined) return;
    onSaved();
    onClose();
  };

  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={source === null ? 'Add a source' : `Edit ${source.name}`}
      onSubmit={() => void save()}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" isBusy={command.isBusy}>
            {source === null ? 'Add source' : 'Save'}
          </Button>
        </>
      }
    >
      <div class="settings-form">
        <Field label="Name">
          <TextInput value={name} onValue={setName} maxLength={200} autocomplete="off" required />
        </Field>
        <Field
          label="Secrets"
          hint={
            source === null || source.secrets === 0
              ? 'With which the platform signs; one per line, any of them may have signed'
              : 'Leave empty to keep what is there; what you write replaces all of them, one per line'
          }
        >
          <TextArea
            value={secrets}
            onValue={setSecrets}
            rows={2}
            autocomplete="off"
            spellcheck={false}
            isMono
          />
        </Field>
        {command.fault !== null && <ProblemNote fault={command.fault} isCompact />}
      </div>
    </Dialog>
  );
}
