import type { Column } from '../../components/table.tsx';
import type { PhoneNumberView } from '../../data/types.ts';

import { useState } from 'preact/hooks';
import { Button, IconButton } from '../../components/button.tsx';
import { ConfirmDialog, Dialog } from '../../components/dialog.tsx';
import { Empty } from '../../components/empty.tsx';
import { Field, TextInput } from '../../components/field.tsx';
import { PhoneNumber } from '../../components/number.tsx';
import { Section } from '../../components/page.tsx';
import { ProblemNote } from '../../components/problem.tsx';
import { Table } from '../../components/table.tsx';
import { Time } from '../../components/time.tsx';
import { usePages } from '../../data/resource.ts';
import { can } from '../../data/session.ts';
import { commit, useCommand } from './use-list.ts';

/** Names for our own numbers: given to calls whose report has none. */
export function NumbersTab() {
  const pages = usePages<PhoneNumberView>('/v1/phone-numbers');
  const [isAdding, setAdding] = useState(false);
  const [deleting, setDeleting] = useState<PhoneNumberView | null>(null);
  return (
    <div class="settings-tab">
      <Section
        title="Phone numbers"
        hint="A call on one of these gets its name where the report has none"
        actions={
          can('write') && (
            <Button icon="plus" onClick={() => setAdding(true)}>
              Name a number
            </Button>
          )
        }
      >
        <Table<PhoneNumberView>
          caption="Phone numbers"
          columns={toColumns(can('write') ? setDeleting : null)}
          rows={pages.rows}
          rowKey={(row) => row.number}
          isLoading={pages.isLoading}
          fault={pages.fault}
          onRetry={pages.reload}
          hasMore={pages.hasMore}
          onLoadMore={pages.loadMore}
          empty={
            <Empty title="No number has a name" icon="phone-in">
              With a name, “Support line” stands on the wall instead of digits.
            </Empty>
          }
        />
      </Section>
      {isAdding && <NumberDialog onClose={() => setAdding(false)} onSaved={pages.reload} />}
      {deleting !== null && (
        <ConfirmDialog
          isOpen
          onClose={() => setDeleting(null)}
          onConfirm={() =>
            commit(
              'DELETE',
              `/v1/phone-numbers/${encodeURIComponent(deleting.number)}`,
              'The name is forgotten',
            ).then(pages.reload)
          }
          title={`Forget the name ${deleting.name}?`}
          confirmLabel="Forget it"
          cancelLabel="Keep it"
          isDangerous
        >
          Calls that already have the name keep it.
        </ConfirmDialog>
      )}
    </div>
  );
}

function toColumns(ask: ((number: PhoneNumberView) => void) | null): readonly Column<PhoneNumberView>[] {
  return [
    { key: 'name', title: 'Name', width: 'minmax(8rem, 1fr)', render: (row) => <strong>{row.name}</strong> },
    {
      key: 'number',
      title: 'Number',
      width: 'minmax(9rem, 1fr)',
      render: (row) => <PhoneNumber value={row.number} />,
    },
    {
      key: 'created',
      title: 'Since',
      width: '8rem',
      hideBelow: 'sm',
      render: (row) => <Time at={row.created_at} />,
    },
    {
      key: 'acts',
      title: 'Actions',
      isTitleHidden: true,
      width: '4rem',
      align: 'end',
      // A masked number names nothing: it has to be revealed first.
      render: (row) =>
        ask === null || row.number.includes('•') ? null : (
          <IconButton icon="trash" label={`Forget ${row.name}`} onClick={() => ask(row)} />
        ),
    },
  ];
}

function NumberDialog({ onClose, onSaved }: { readonly onClose: () => void; readonly onSaved: () => void }) {
  const [number, setNumber] = useState('');
  const [name, setName] = useState('');
  const command = useCommand();
  const save = async (): Promise<void> => {
    const path = `/v1/phone-numbers/${encodeURIComponent(number.replaceAll(/[\s().-]/g, ''))}`;
    if ((await command.run('PUT', path, { name: name.trim() })) === undefined) return;
    onSaved();
    onClose();
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title="Name a number"
      size="small"
      onSubmit={() => void save()}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" isBusy={command.isBusy}>
            Save
          </Button>
        </>
      }
    >
      <div class="settings-form">
        <Field label="Number" hint="With + and its country">
          <TextInput
            type="tel"
            value={number}
            onValue={setNumber}
            placeholder="+31 85 083 5037"
            autocomplete="off"
            required
          />
        </Field>
        <Field label="Name">
          <TextInput
            value={name}
            onValue={setName}
            placeholder="Support line"
            maxLength={200}
            autocomplete="off"
            required
          />
        </Field>
        {command.fault !== null && <ProblemNote fault={command.fault} isCompact />}
      </div>
    </Dialog>
  );
}
