import type { Column } from '../../components/table.tsx';
import type { KeyView, KeyWithTextView, Scope } from '../../data/types.ts';

import { useMemo, useState } from 'preact/hooks';
import { Badge } from '../../components/badge.tsx';
import { Button, IconButton } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { ConfirmDialog, Dialog } from '../../components/dialog.tsx';
import { Command } from '../../components/empty.tsx';
import { Choices, Field, TextInput } from '../../components/field.tsx';
import { Section } from '../../components/page.tsx';
import { ProblemNote } from '../../components/problem.tsx';
import { Table } from '../../components/table.tsx';
import { Time } from '../../components/time.tsx';
import { session } from '../../data/session.ts';
import { commit, useCommand, useList } from './use-list.ts';

/** Each choice is one scope; who needs two makes two keys. */
const CHOICES: readonly { readonly value: Scope; readonly label: string; readonly hint: string }[] = [
  { value: 'watch', label: 'Wall screen', hint: 'Sees what a wall shows, numbers masked always' },
  { value: 'read', label: 'Viewer', hint: 'Reads everything of the account' },
  { value: 'write', label: 'Operator', hint: 'Also retries, pauses and edits destinations' },
  { value: 'ingest', label: 'Reporter', hint: 'For programs: reports calls, and nothing else' },
  { value: 'admin', label: 'Administrator', hint: 'Everything, keys and accounts included' },
];

/** Who may do what. A person signs in with a key, a program sends one. */
export function KeysTab() {
  const list = useList<KeyView>('/v1/keys');
  const [isMaking, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<KeyView | null>(null);
  const columns = useMemo(() => toColumns(setRevoking), []);
  return (
    <div class="settings-tab">
      <Section
        title="API keys"
        hint="People sign in with one, programs send one"
        actions={
          <Button icon="plus" onClick={() => setMaking(true)}>
            Make a key
          </Button>
        }
      >
        <Table<KeyView>
          caption="API keys"
          columns={columns}
          rows={list.rows}
          rowKey={(row) => row.id}
          rowTone={(row) => (row.revoked_at === null ? undefined : 'quiet')}
          isLoading={list.isLoading}
          fault={list.fault}
          onRetry={list.reload}
        />
      </Section>
      {isMaking && <KeyDialog onClose={() => setMaking(false)} onMade={list.reload} />}
      {revoking !== null && (
        <ConfirmDialog
          isOpen
          onClose={() => setRevoking(null)}
          onConfirm={() =>
            commit('DELETE', `/v1/keys/${revoking.id}`, 'The key is revoked').then(list.reload)
          }
          title={`Revoke ${revoking.name}?`}
          confirmLabel="Revoke key"
          cancelLabel="Keep it"
          isDangerous
        >
          Programs that send it are refused at once, and whoever signed in with it is signed out.
          {revoking.id === session.value?.key.id && ' You are signed in with this very key.'}
        </ConfirmDialog>
      )}
    </div>
  );
}

function toColumns(revoke: (key: KeyView) => void): readonly Column<KeyView>[] {
  return [
    {
      key: 'name',
      title: 'Name',
      width: 'minmax(8rem, 1.2fr)',
      render: (row) => <strong>{row.name}</strong>,
    },
    {
      key: 'hint',
      title: 'Begins with',
      width: '8rem',
      hideBelow: 'md',
      render: (row) => <span class="mono">{row.hint}…</span>,
    },
    { key: 'scopes', title: 'May', width: '9rem', render: (row) => row.scopes.join(', ') },
    {
      key: 'used',
      title: 'Last used',
      width: '8rem',
      render: (row) => <Time at={row.last_used_at} empty="Never" />,
    },
    { key: 'state', title: 'State', width: '8rem', render: (row) => <KeyState row={row} /> },
    {
      key: 'acts',
      title: 'Actions',
      isTitleHidden: true,
      width: '4rem',
      align: 'end',
      render: (row) =>
        row.revoked_at === null && (
          <IconButton icon="trash" label={`Revoke ${row.name}`} onClick={() => revoke(row)} />
        ),
    },
  ];
}

function KeyState({ row }: { readonly row: KeyView }) {
  if (row.revoked_at !== null)
    return (
      <Badge tone="quiet" icon="cancel" isPlain>
        Revoked
      </Badge>
    );
  if (row.expires_at !== null && Date.parse(row.expires_at) < Date.now())
    return (
      <Badge tone="quiet" icon="clock" isPlain>
        Expired
      </Badge>
    );
  return (
    <Badge tone="good" icon="state-done" isPlain>
      Valid
    </Badge>
  );
}

function KeyDialog({ onClose, onMade }: { readonly onClose: () => void; readonly onMade: () => void }) {
  const [name, setName] = useState('');
  const [scope, setScope] = useState<Scope>('read');
  const [made, setMade] = useState<KeyWithTextView | null>(null);
  const command = useCommand<KeyWithTextView>();
  const make = async (): Promise<void> => {
    const key = await command.run('POST', '/v1/keys', { name: name.trim(), scopes: [scope] });
    if (key === undefined) return;
    setMade(key);
    onMade();
  };
  if (made !== null) {
    const wall = `${globalThis.location.origin}/live?kiosk=1&theme=dark#key=${made.key}`;
    return (
      <Dialog
        isOpen
        onClose={onClose}
        title={`The key ${made.name}`}
        actions={
          <Button kind="primary" onClick={onClose}>
            I have copied it
          </Button>
        }
      >
        <div class="settings-form">
          <p>
            <strong>It is shown only now.</strong> Whoever has it can use it, so keep it like a password.
          </p>
          <p class="key-once">
            <code class="mono key-text">{made.key}</code>
            <CopyButton text={made.key} label="Copy key" isIconOnly={false} />
          </p>
          {made.scopes.includes('watch') && <Command label="Address for the wall screen" text={wall} />}
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title="Make a key"
      onSubmit={() => void make()}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" isBusy={command.isBusy}>
            Make the key
          </Button>
        </>
      }
    >
      <div class="settings-form">
        <Field label="Name" hint="Who or what will use it">
          <TextInput value={name} onValue={setName} maxLength={200} autocomplete="off" required />
        </Field>
        <Choices<Scope> legend="What it may do" value={scope} onValue={setScope} options={CHOICES} />
        {command.fault !== null && <ProblemNote fault={command.fault} isCompact />}
      </div>
    </Dialog>
  );
}
