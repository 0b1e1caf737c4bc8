import type { Column } from '../../components/table.tsx';
import type { AccountView } from '../../data/types.ts';

import { useMemo, useState } from 'preact/hooks';
import { Button, IconButton } from '../../components/button.tsx';
import { ConfirmDialog, Dialog } from '../../components/dialog.tsx';
import { Choices, Field, TextInput } from '../../components/field.tsx';
import { Section } from '../../components/page.tsx';
import { ProblemNote } from '../../components/problem.tsx';
import { Table } from '../../components/table.tsx';
import { Time } from '../../components/time.tsx';
import { session } from '../../data/session.ts';
import { useCommand, useList } from './use-list.ts';

type StaleCalls = AccountView['stale_calls'];

const toColumns = (edit: (account: AccountView) => void): readonly Column<AccountView>[] => [
  { key: 'name', title: 'Account', width: 'minmax(8rem, 1fr)', render: (row) => <strong>{row.name}</strong> },
  {
    key: 'id',
    title: 'Id',
    width: 'minmax(8rem, 1fr)',
    render: (row) => <span class="mono clip">{row.id}</span>,
  },
  {
    key: 'stale',
    title: 'Stale calls',
    width: '9rem',
    render: (row) => (row.stale_calls === 'end' ? 'End with error' : 'Are kept'),
  },
  { key: 'created', title: 'Since', width: '8rem', render: (row) => <Time at={row.created_at} /> },
  {
    key: 'acts',
    title: 'Actions',
    isTitleHidden: true,
    width: '3rem',
    align: 'end',
    render: (row) => <IconButton icon="edit" label={`Edit ${row.name}`} onClick={() => edit(row)} />,
  },
];

/** Tenants: each has its own numbers, sources, destinations, calls and keys, and sees nobody else's. */
export function AccountsTab() {
  const isHost = (session.value?.account.id ?? 'default') === 'default';
  const list = useList<AccountView>('/v1/accounts');
  const [asked, setAsked] = useState<AccountView | 'new' | null>(null);
  const columns = useMemo(() => toColumns(setAsked), []);
  return (
    <div class="settings-tab">
      <Section
        title="Accounts"
        hint="Each has its own calls, destinations and keys, and sees nothing of the others"
        actions={
          isHost && (
            <Button icon="plus" onClick={() => setAsked('new')}>
              Add account
            </Button>
          )
        }
      >
        <Table<AccountView>
          caption="Accounts"
          columns={columns}
          rows={list.rows}
          rowKey={(row) => row.id}
          isLoading={list.isLoading}
          fault={list.fault}
          onRetry={list.reload}
        />
      </Section>
      {asked !== null && (
        <AccountDialog
          account={asked === 'new' ? null : asked}
          onClose={() => setAsked(null)}
          onSaved={list.reload}
        />
      )}
    </div>
  );
}

function AccountDialog({
  account,
  onClose,
  onSaved,
}: {
  readonly account: AccountView | null;
  readonly onClose: () => void;
  readonly onSaved: () => void;
}) {
  const [name, setName] = useState(account?.name ?? '');
  const [staleCalls, setStaleCalls] = useState<StaleCalls>(account?.stale_calls ?? 'keep');
  const [isAsking, setAsking] = useState(false);
  const command = useCommand<AccountView>();
  const save = async (): Promise<void> => {
    const saved =
      account === null
        ? await command.run('POST', '/v1/accounts', { name: name.trim() })
        : await command.run('PATCH', `/v1/accounts/${account.id}`, {
            // Only what is another: a masked name comes back as it was shown, and somebody else may have changed the rest.
            ...(name !== account.name && { name: name.trim() }),
            ...(staleCalls !== account.stale_calls && { stale_calls: staleCalls }),
          });
    if (saved === undefined) return;
    onSaved();
    onClose();
  };
  if (isAsking)
    return (
      <ConfirmDialog
        isOpen
        isDangerous
        onClose={() => setAsking(false)}
        onConfirm={save}
        title="End stale calls with error?"
        confirmLabel="End stale calls"
      >
        <p>Calls that are stale already end, too. This cannot be taken back.</p>
      </ConfirmDialog>
    );
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={account === null ? 'Add an account' : `Edit ${account.name}`}
      size="small"
      onSubmit={() => {
        if (account?.stale_calls === 'keep' && staleCalls === 'end') setAsking(true);
        else void save();
      }}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" isBusy={command.isBusy}>
            {account === null ? 'Add account' : 'Save'}
          </Button>
        </>
      }
    >
      <div class="settings-form">
        <Field label="Name">
          <TextInput value={name} onValue={setName} maxLength={200} autocomplete="off" required />
        </Field>
        {account !== null && (
          <Choices
            legend="Stale calls"
            value={staleCalls}
            onValue={setStaleCalls}
            options={[
              { value: 'keep', label: 'Are kept', hint: 'Shown as unknown until their end is reported' },
              {
                value: 'end',
                label: 'End with error',
                hint: 'Also those that are stale already: destinations are told, and error rates count it',
              },
            ]}
          />
        )}
        {command.fault !== null && <ProblemNote fault={command.fault} isCompact />}
      </div>
    </Dialog>
  );
}
