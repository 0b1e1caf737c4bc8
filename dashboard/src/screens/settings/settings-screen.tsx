import './settings-screen.css';
import type { Tab } from '../../components/tabs.tsx';
import type { Scope } from '../../data/types.ts';

import { PageHead } from '../../components/page.tsx';
import { TabPanel, Tabs } from '../../components/tabs.tsx';
import { hrefWith, location } from '../../data/location.ts';
import { can } from '../../data/session.ts';
import { AccountsTab } from './accounts-tab.tsx';
import { AuditTab } from './audit-tab.tsx';
import { EventsTab } from './events-tab.tsx';
import { KeysTab } from './keys-tab.tsx';
import { NumbersTab } from './numbers-tab.tsx';
import { SourcesTab } from './sources-tab.tsx';
import { SystemTab } from './system-tab.tsx';

interface Place {
  readonly key: string;
  readonly title: string;
  readonly scope: Scope;
  readonly Content: () => preact.JSX.Element;
}

const PLACES: readonly Place[] = [
  { key: 'sources', title: 'Sources', scope: 'read', Content: SourcesTab },
  { key: 'numbers', title: 'Phone numbers', scope: 'read', Content: NumbersTab },
  { key: 'keys', title: 'API keys', scope: 'admin', Content: KeysTab },
  { key: 'accounts', title: 'Accounts', scope: 'admin', Content: AccountsTab },
  { key: 'audit', title: 'Audit log', scope: 'admin', Content: AuditTab },
  { key: 'events', title: 'Hub events', scope: 'read', Content: EventsTab },
  { key: 'system', title: 'System', scope: 'read', Content: SystemTab },
];

/** What is set up once. What this login may not see is not offered. */
export function SettingsScreen() {
  const places = PLACES.filter(({ scope }) => can(scope));
  const wanted = location.value.query.get('tab');
  const current = places.find(({ key }) => key === wanted) ?? places[0];
  if (current === undefined) {
    return (
      <PageHead
        title="Settings"
        subtitle="This key may only watch: sign in with another one to see settings."
      />
    );
  }
  const { Content } = current;
  return (
    <div class="settings">
      <PageHead title="Settings">
        <Tabs
          id="settings"
          label="Settings"
          current={current.key}
          tabs={places.map(({ key, title }): Tab => ({
            key,
            title,
            href: hrefWith({ tab: key, type: null }),
          }))}
        />
      </PageHead>
      <TabPanel id="settings" current={current.key}>
        <Content />
      </TabPanel>
    </div>
  );
}
