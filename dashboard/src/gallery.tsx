/**
 * Every component in every state on one page: for looking, for axe and for screenshots. Not built into the hub; open it
 * with `npx vite` at /gallery.html, or /gallery.html?show=dialog|confirm|drawer|toasts|heavy.
 */
import './styles/layers.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './gallery.css';
import { render } from 'preact';
import { useState } from 'preact/hooks';
import {
  Badge,
  CallStateBadge,
  CodeBadge,
  DeliveryStateBadge,
  DestinationStateBadge,
  OutcomeBadge,
  ReplayStateBadge,
} from './components/badge.tsx';
import { Button, IconButton, LinkButton } from './components/button.tsx';
import { CopyButton } from './components/copy-button.tsx';
import { ConfirmDialog, Dialog } from './components/dialog.tsx';
import { Drawer } from './components/drawer.tsx';
import { Empty } from './components/empty.tsx';
import {
  Checkbox,
  Choices,
  Field,
  NumberInput,
  SecretInput,
  Select,
  Switch,
  TextArea,
  TextInput,
} from './components/field.tsx';
import { FilterBox } from './components/filter-box.tsx';
import { ICON_NAMES } from './components/icon-names.ts';
import { Icon } from './components/icon.tsx';
import { JsonView } from './components/json-view.tsx';
import { PhoneNumber } from './components/number.tsx';
import { Facts, PageHead, Section, Skeleton, Toolbar } from './components/page.tsx';
import { Menu } from './components/popover.tsx';
import { StatusLine, announce } from './components/status-line.tsx';
import { Table } from './components/table.tsx';
import type { Column } from './components/table.tsx';
import { TabPanel, Tabs } from './components/tabs.tsx';
import { TimeRange } from './components/time-range.tsx';
import { Countdown, LiveDuration, Time } from './components/time.tsx';
import { Toasts, showToast } from './components/toast.tsx';
import { ViewsMenu } from './components/views-menu.tsx';
import { ApiFault } from './data/api.ts';
import { startClock } from './data/clock.ts';
import { location, startLocation } from './data/location.ts';

interface Call {
  readonly id: string;
  readonly state: 'live' | 'ended' | 'failed';
  readonly isStale: boolean;
  readonly number: string;
  readonly customer: string;
  readonly error: string | null;
  readonly attempts: number;
  readonly atMs: number;
}

const STARTED_MS = Date.now();

const CALL_STATES = ['live', 'ended', 'failed', 'ended'] as const;

const toCall = (index: number): Call => ({
  id: `8f14e45f-ceea-467f-a0e6-${String(100_000_000_000 + index * 7_919)}`,
  state: CALL_STATES[index % CALL_STATES.length] ?? 'live',
  isStale: index === 8,
  number: '+31 85 123 4567',
  customer: `+31 6 •••• ${5678 + index}`,
  error: index % 4 === 2 ? 'STT connection failed: <script>alert(1)</script> timed out after 10 s' : null,
  attempts: index % 4 === 2 ? 7 : 1,
  atMs: STARTED_MS - index * 47_000 - 4_000,
});

const CALLS: readonly Call[] = Array.from({ length: 12 }, (_, index) => toCall(index));

const COLUMNS: readonly Column<Call>[] = [
  {
    key: 'id',
    title: 'Call',
    render: (call) => <span class="mono">{call.id}</span>,
    width: 'minmax(0, 2fr)',
  },
  {
    key: 'state',
    title: 'State',
    render: (call) => <CallStateBadge state={call.state} isStale={call.isStale} />,
    width: '9.5rem',
  },
  {
    key: 'customer',
    title: 'Customer',
    render: (call) => <PhoneNumber value={call.customer} />,
    width: '9rem',
  },
  { key: 'error', title: 'Error', render: (call) => call.error, hideBelow: 'md', width: 'minmax(0, 2fr)' },
  {
    key: 'duration',
    title: 'Duration',
    render: (call) => <LiveDuration sinceMs={call.atMs} />,
    align: 'end',
    width: '5rem',
    sortable: true,
  },
  {
    key: 'at',
    title: 'Started',
    render: (call) => <Time at={call.atMs} />,
    align: 'end',
    width: '8rem',
    hideBelow: 'sm',
    sortable: true,
  },
];

const FAULT = new ApiFault(422, {
  type: 'https://offhook.dev/problems/invalid',
  title: 'The destination could not be saved',
  detail: 'Two of its settings are not valid.',
  code: 'invalid_request',
  request_id: 'req_01jf3v9x2k',
  errors: [
    { pointer: '/settings/url', detail: 'must be an https address' },
    { pointer: '/rate_per_second', detail: 'must be at least 0.1' },
  ],
});

const PAYLOAD = `{
  "message": {
    "type": "status-update",
    "status": "ended-with-error",
    "call": {"id": "8f14e45f", "sequence": 12345678901234567890, "cost": 1.0, "rate": 1e-7},
    "phoneNumber": {"number": "+31851234567", "name": "Front desk"},
    "customer": null,
    "error": "STT connection failed: \\"timed out\\" after 10 s",
    "tags": [],
    "retries": [1, 2, 3],
    "assistant": {"model": {"provider": "openai", "messages": [{"role": "system", "content": "You are <b>helpful</b>."}]}},
    "final": true
  }
}`;

function Gallery() {
  const { query } = location.value;
  const [show, setShow] = useState(query.get('show') ?? '');
  if (show === 'heavy') return <Heavy />;
  return (
    <main class="gallery stack">
      <PageHead
        title="Gallery"
        meta={<CallStateBadge state="live" />}
        subtitle="Everything that screens are made of, in every state."
        back={{ href: '#', label: 'Calls' }}
        actions={
          <>
            <Choices
              legend="Theme"
              isLegendHidden
              isSegmented
              value={document.documentElement.dataset['theme'] ?? 'system'}
              onValue={(value) => {
                if (value === 'system') delete document.documentElement.dataset['theme'];
                else document.documentElement.dataset['theme'] = value;
                setShow(show === '' ? ' ' : '');
              }}
              options={[
                { value: 'system', label: 'System' },
                { value: 'light', label: 'Light' },
                { value: 'dark', label: 'Dark' },
              ]}
            />
            <Button
              onClick={() => {
                const { dataset } = document.documentElement;
                dataset['density'] = dataset['density'] === 'compact' ? 'comfortable' : 'compact';
              }}
            >
              Density
            </Button>
          </>
        }
      />
      <div class="stack gallery-parts">
        <Buttons />
        <Badges />
        <Fields />
        <Filters />
        <Tables />
        <Details />
        <Section title="Open">
          <div class="row">
            {['dialog', 'confirm', 'drawer', 'toasts'].map((name) => (
              <Button
                key={name}
                onClick={() => {
                  if (name === 'toasts') showAll();
                  else setShow(name);
                }}
              >
                {name}
              </Button>
            ))}
          </div>
        </Section>
        <Section title="Icons">
          <ul class="row">
            {ICON_NAMES.map((name) => (
              <li key={name} class="gallery-icon">
                <Icon name={name} size={20} />
                <Icon name={name} />
                <small>{name}</small>
              </li>
            ))}
          </ul>
        </Section>
      </div>
      <Overlays show={show} close={() => setShow('')} />
      <Toasts />
      <StatusLine />
    </main>
  );
}

function Buttons() {
  const [isBusy, setBusy] = useState(true);
  return (
    <Section title="Buttons">
      <div class="stack">
        <div class="row">
          <Button kind="primary">Save destination</Button>
          <Button>Normal</Button>
          <Button kind="quiet">Quiet</Button>
          <Button kind="danger" icon="trash">
            Delete
          </Button>
          <Button icon="retry">Retry all</Button>
          <LinkButton href="#here" icon="download">
            Export
          </LinkButton>
          <Button disabled>Disabled</Button>
          <Button isBusy={isBusy} kind="primary">
            Busy
          </Button>
          <Button isBusy={isBusy} onClick={() => setBusy(true)}>
            Busy
          </Button>
        </div>
        <div class="row">
          <Button kind="primary" size="small">
            Small
          </Button>
          <Button size="small" icon="pause">
            Pause
          </Button>
          <Button kind="quiet" size="small">
            Quiet
          </Button>
          <IconButton icon="settings" label="Settings" />
          <IconButton icon="wrap" label="Wrap" isPressed />
          <IconButton icon="pause" label="Pause live updates" kind="normal" />
          <IconButton icon="copy" label="Copy id" size="small" />
          <CopyButton text="call_1" label="Copy call id" />
          <CopyButton text="curl …" label="Copy as curl" isIconOnly={false} kind="normal" />
          <Menu
            label="Columns"
            icon="columns"
            items={[
              { label: 'Customer', isChecked: true },
              { label: 'Error', isChecked: false },
              { label: 'CSV', icon: 'download', hint: '1,284 rows', href: '#csv' },
              { label: 'Delete', icon: 'trash', isDangerous: true },
              { label: 'Not allowed', icon: 'lock', isDisabled: true },
            ]}
          />
          <kbd>g</kbd> <kbd>c</kbd>
        </div>
      </div>
    </Section>
  );
}

function Badges() {
  return (
    <Section title="Badges" hint="Shape, word and colour">
      <div class="stack">
        <div class="row">
          <CallStateBadge state="none" />
          <CallStateBadge state="live" />
          <CallStateBadge state="live" isStale />
          <CallStateBadge state="ended" />
          <CallStateBadge state="failed" />
          <Badge tone="accent">Demo</Badge>
          <Badge>inbound</Badge>
        </div>
        <div class="row">
          <DeliveryStateBadge state="pending" />
          <DeliveryStateBadge state="pending" attempts={3} />
          <DeliveryStateBadge state="delivered" />
          <DeliveryStateBadge state="dead" />
          <DeliveryStateBadge state="superseded" />
          <DeliveryStateBadge state="cancelled" />
          <CodeBadge status={200} />
          <CodeBadge status={503} />
          <CodeBadge status={null} />
        </div>
        <div class="row">
          <OutcomeBadge outcome="advanced" />
          <OutcomeBadge outcome="repeated" />
          <OutcomeBadge outcome="late" />
          <OutcomeBadge outcome="conflicting" />
          <OutcomeBadge outcome="noted" />
          <OutcomeBadge outcome="retry" />
        </div>
        <div class="row">
          <DestinationStateBadge state="enabled" isPlain />
          <DestinationStateBadge state="enabled" isFailing isPlain />
          <DestinationStateBadge state="paused" isPlain />
          <DestinationStateBadge state="disabled" isPlain />
          <ReplayStateBadge state="running" />
          <ReplayStateBadge state="finished" />
        </div>
      </div>
    </Section>
  );
}

function Fields() {
  const [text, setText] = useState('https://crm.example.test/hooks');
  const [secret, setSecret] = useState('whsec_c2VjcmV0');
  const [number, setNumber] = useState<number | null>(5);
  const [kind, setKind] = useState<'webhook' | 'slack'>('webhook');
  const [isOn, setOn] = useState(true);
  const [isChecked, setChecked] = useState(true);
  return (
    <Section title="Fields">
      <div class="grid">
        <Field label="Address" hint="Where the hub posts to.">
          <TextInput value={text} onValue={setText} isMono />
        </Field>
        <Field label="Name" error="A name is missing." isOptional>
          <TextInput value="" onValue={setText} placeholder="CRM" />
        </Field>
        <Field label="Secret">
          <SecretInput value={secret} onValue={setSecret} />
        </Field>
        <Field label="Rate" hint="At most 100">
          <NumberInput value={number} onValue={setNumber} min={1} max={100} unit="per second" />
        </Field>
        <Field label="Kind">
          <Select
            value={kind}
            onValue={setKind}
            options={[
              { value: 'webhook', label: 'Webhook' },
              { value: 'slack', label: 'Slack' },
            ]}
          />
        </Field>
        <Field label="Headers">
          <TextArea value={'x-env: test\nx-team: calls'} onValue={setText} isMono rows={3} />
        </Field>
        <Switch isOn={isOn} onChange={setOn} label="Single keys" hint="j, k, / and the others" />
        <Switch isOn={!isOn} onChange={(on) => setOn(!on)} label="Reveal numbers" />
        <Switch isOn={false} onChange={setOn} label="Not yours to switch" disabled />
        <div class="stack">
          <Checkbox isChecked={isChecked} onChange={setChecked} label="connected" />
          <Checkbox isChecked={false} isMixed onChange={setChecked} label="Some of them" />
          <Checkbox isChecked={false} onChange={setChecked} label="Off" disabled />
        </div>
        <Choices
          legend="Order"
          value={kind}
          onValue={setKind}
          options={[
            { value: 'webhook', label: 'In order', hint: 'One event of a call after the other' },
            { value: 'slack', label: 'As they come', hint: 'Faster; the newest may be first' },
          ]}
        />
      </div>
    </Section>
  );
}

function Filters() {
  const [value, setValue] = useState('state:failed -status:queued error:"STT connection"');
  const [span, setSpan] = useState<{ since: string | null; until: string | null }>({
    since: null,
    until: null,
  });
  return (
    <Section title="Filter, range, tabs">
      <Toolbar>
        <FilterBox
          value={value}
          onChange={setValue}
          suggestions={{
            state: ['live', 'ended', 'failed', 'none'],
            destination: [
              { value: 'dst_1', title: 'CRM' },
              { value: 'dst_2', title: 'Slack #calls' },
            ],
          }}
        >
          <TimeRange since={span.since} until={span.until} defaultSince="24h" onChange={setSpan} />
          <ViewsMenu presets={[{ name: 'Failed calls', filter: 'state:failed' }]} />
        </FilterBox>
      </Toolbar>
      <FilterBox label="Broken filter" value="state:fialed" onChange={() => {}} />
      <Tabs
        id="gallery"
        label="Calls by state"
        current="failed"
        tabs={[
          { key: 'all', title: 'All', href: '?tab=all', count: '1,284' },
          { key: 'live', title: 'Live', href: '?tab=live', count: 14 },
          { key: 'failed', title: 'Ended with error', href: '?tab=failed', count: 7 },
          { key: 'errors', title: 'Errors', href: '?tab=errors' },
        ]}
      />
      <TabPanel id="gallery" current="failed">
        <p>Seven calls ended with an error.</p>
      </TabPanel>
    </Section>
  );
}

function Tables() {
  const [checked, setChecked] = useState<ReadonlySet<string>>(new Set([CALLS[1]?.id ?? '']));
  const [selected, setSelected] = useState<string | null>(CALLS[4]?.id ?? null);
  const [newCount, setNewCount] = useState(12);
  return (
    <Section title="Tables">
      <Table
        caption="Calls"
        columns={COLUMNS}
        rows={CALLS}
        rowKey={(call) => call.id}
        rowHref={(call) => `#${call.id}`}
        onOpen={(call) => setSelected(call.id)}
        rowTone={(call) => (call.error === null ? undefined : 'bad')}
        selectedKey={selected}
        checked={checked}
        onCheckedChange={setChecked}
        sort={{ key: 'at', isDescending: true }}
        onSort={() => {}}
        hasMore
        onLoadMore={() => announce('50 more')}
        newCount={newCount}
        onShowNew={() => setNewCount(0)}
      />
      <div class="grid">
        <Table
          caption="Loading"
          isCaptionShown
          columns={COLUMNS.slice(0, 3)}
          rows={[]}
          rowKey={(call) => call.id}
          isLoading
        />
        <Table
          caption="With a fault"
          isCaptionShown
          columns={COLUMNS.slice(0, 3)}
          rows={CALLS.slice(0, 2)}
          rowKey={(call) => call.id}
          fault={FAULT}
          onRetry={() => {}}
        />
      </div>
      <Table
        caption="Nothing"
        columns={COLUMNS}
        rows={[]}
        rowKey={(call) => call.id}
        empty={
          <Empty
            title="No calls yet"
            icon="calls"
            commands={[
              { label: 'Make one', text: 'npx offhook trigger lifecycle --url http://127.0.0.1:8080' },
              {
                label: 'Or send one',
                text: "curl http://127.0.0.1:8080/webhooks/status-update -H 'x-secret: …' -d '{\"message\":{}}'",
              },
            ]}
          >
            Calls appear here the moment their first status is reported.
          </Empty>
        }
      />
    </Section>
  );
}

function Details() {
  return (
    <div class="grid">
      <Section title="Facts" actions={<Button size="small">Edit</Button>}>
        <Facts
          items={[
            ['Call', <span class="mono">8f14e45f</span>],
            ['Number', <PhoneNumber value="+31 85 123 4567" name="Front desk" />],
            ['Customer', <PhoneNumber value="+31 6 •••• 5678" />],
            ['Started', <Time at={STARTED_MS - 3_600_000} shape="absolute" />],
            ['Seen', <Time at={STARTED_MS - 12_000} />],
            ['Running', <LiveDuration sinceMs={STARTED_MS - 3_723_000} />],
            ['Next retry', <Countdown untilMs={STARTED_MS + 95_000} />],
            ['Nothing', null],
          ]}
        />
      </Section>
      <Section title="Payload">
        <JsonView text={PAYLOAD} label="Request body" />
      </Section>
      <Section title="No JSON">
        <JsonView text={'<html>502 Bad Gateway</html>'} label="Response body" />
        <Skeleton />
        <progress value={0.4} aria-label="Replay" />
      </Section>
    </div>
  );
}

function Overlays({ show, close }: { readonly show: string; readonly close: () => void }) {
  const [name, setName] = useState('');
  return (
    <>
      <Dialog
        isOpen={show === 'dialog'}
        onClose={close}
        title="Save this view"
        onSubmit={close}
        actions={
          <>
            <Button onClick={close}>Cancel</Button>
            <Button kind="primary" type="submit">
              Save view
            </Button>
          </>
        }
      >
        <p>It is kept in this browser.</p>
        <Field label="Name">
          <TextInput value={name} onValue={setName} autofocus />
        </Field>
      </Dialog>
      <ConfirmDialog
        isOpen={show === 'confirm'}
        onClose={close}
        onConfirm={close}
        title="Retry 1,284 deliveries?"
        confirmLabel="Retry 1,284 deliveries"
        typed="1,284"
      >
        <p>Each goes to its destination again, 20 per second at most.</p>
      </ConfirmDialog>
      <Drawer
        isOpen={show === 'drawer'}
        onClose={close}
        title="Call 8f14e45f-ceea-467f-a0e6"
        meta={
          <>
            <CallStateBadge state="failed" />
            <PhoneNumber value="+31 6 •••• 5678" />
          </>
        }
        actions={<Button size="small">Copy as curl</Button>}
        pageHref="#page"
        previousHref={null}
        nextHref="#next"
      >
        <Table
          caption="Deliveries"
          columns={COLUMNS}
          rows={CALLS.slice(0, 3)}
          rowKey={(call) => call.id}
          rowHref={(call) => `#${call.id}`}
        />
        <JsonView text={PAYLOAD} label="Request body" />
      </Drawer>
    </>
  );
}

/** 1,000 rows that tick, and a payload of 30,000 lines: what must stay quick. */
function Heavy() {
  const [rows, setRows] = useState(HEAVY_CALLS);
  return (
    <main class="gallery stack">
      <PageHead
        title="Heavy"
        actions={<Button onClick={() => setRows(touchFirst(rows))}>Touch one</Button>}
      />
      <JsonView text={HEAVY_PAYLOAD} label="Response body" />
      <Table
        caption="Calls"
        columns={COLUMNS}
        rows={rows}
        rowKey={(call) => call.id}
        rowHref={(call) => `#${call.id}`}
      />
    </main>
  );
}

const HEAVY_CALLS: readonly Call[] = Array.from({ length: 1_000 }, (_, index) => {
  const call = toCall(index % CALL_STATES.length);
  return { ...call, id: `call-${index}` };
});

const HEAVY_PAYLOAD = JSON.stringify({ rows: HEAVY_CALLS.concat(HEAVY_CALLS, HEAVY_CALLS, HEAVY_CALLS) });

function touchFirst([first, ...rest]: readonly Call[]): readonly Call[] {
  return first === undefined ? [] : [{ ...first, state: 'failed' }, ...rest];
}

function showAll(): void {
  showToast('Delivery dlv_1 is on its way again');
  showToast('View saved', { detail: 'It is kept in this browser.' });
  showToast('1,284 deliveries are retried', { action: { label: 'Watch', href: '#replay' } });
  showToast('The hub refused', { kind: 'alert', detail: 'This key may only read.' });
}

startLocation();
startClock();
const root = document.getElementById('app');
if (root !== null) render(<Gallery />, root);
if (new URLSearchParams(globalThis.location.search).get('show') === 'toasts') showAll();
