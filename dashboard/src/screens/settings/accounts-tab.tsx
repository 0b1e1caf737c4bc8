import type { Column } from '../../components/table.tsx';
import type { AccountView } from '../../data/types.ts';

import { useState } from 'preact/hooks';
import { Button } from '../../components/button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { Field, TextInput } from '../../components/field.tsx';
import { Section } from '../../components/page.tsx';
import { ProblemNote } from '../../components/problem.tsx';
import { Table } from '../../components/table.tsx';
import { Time } from '../../components/time.tsx';
import { session } from '../../data/session.ts';
import { useCommand, useList } from './use-list.ts';

const COLUMNS: readonly Column<AccountView>[] = [
  { key: 'name', title: 'Account', width: 'minmax(8rem, 1fr)', render: (row) => <strong>{row.name}</strong> },
  {
    key: 'id',
    title: 'Id',
    width: 'minmax(8rem, 1fr)',
    render: (row) => <span class="mono clip">{row.id}</span>,
  },
  { key: 'created', title: 'Since', width: '8rem', render: (row) => <Time at={row.created_at} /> },
];

/** Tenants: each has its own numbers, sources, destinations, calls and keys, and sees nobody else's. */
export function AccountsTab() {
  const list = useList<AccountView>('/v1/accounts');
  const [isMaking, setMaking] = useState(false);
  const isHost = session.value?.account.id === 'default';
  return (
    <div class="settings-tab">
      <Section
        title="Accounts"
        hint="Each has its own calls, destinations and keys, and sees nothing of the others"
        actions={
          isHost && (
            <Button icon="plus" onClick={() => setMaking(true)}>
              Add account
            </Button>
          )
        }
      >
        <Table<AccountView>
          caption="Accounts"
          columns={COLUMNS}
          rows={list.rows}
          rowKey={(row) => row.id}
          isLoading={list.isLoading}
          fault={list.fault}
          onRetry={list.reload}
        />
      </Section>
      {isMaking && <AccountDialog onClose={() => setMaking(false)} onMade={list.reload} />}
    </div>
  );
}

function AccountDialog({ onClose, onMade }: { readonly onClose: () => void; readonly onMade: () => void }) {
  const [name, setName] = useState('');
  const command = useCommand<AccountView>();
  const make = async (): Promise<void> => {
    if ((await command.run('POST', '/v1/accounts', { name: name.trim() })) === undefined) return;
    onMade();
    onClose();
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title="Add an account"
      size="small"
      onSubmit={() => void make()}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" isBusy={command.isBusy}>
            Add account
          </Button>
        </>
      }
    >
      <div class="settings-form">
        <Field label="Name">
          <TextInput value={name} onValue={setName} maxLength={200} autocomplete="off" required />
        </Field>
        {command.fault !== null && <ProblemNote fault={command.fault} isCompact />}
      </div>
    </Dialog>
  );
}
