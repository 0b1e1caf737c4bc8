/** Who is signed in decides between sign-in and shell; the path decides the screen in it. */
import type { ComponentType } from 'preact';
import type { ScreenName } from './data/routes.ts';
import type { ScreenProps } from './shell/lazy-screen.tsx';

import { location } from './data/location.ts';
import { toRoute } from './data/routes.ts';
import { session } from './data/session.ts';
import { lazyScreen } from './shell/lazy-screen.tsx';
import { NotFound } from './shell/not-found.tsx';
import { Opening } from './shell/opening.tsx';
import { ScreenBoundary } from './shell/screen-boundary.tsx';
import { Shell } from './shell/shell.tsx';
import { SignIn } from './shell/sign-in.tsx';

/** Each is a file of its own, fetched when it is first gone to. */
const modules = import.meta.glob<Record<string, ComponentType<ScreenProps>>>('./screens/*/*-screen.tsx');

const SCREENS: Readonly<Record<ScreenName, ComponentType<ScreenProps>>> = {
  live: screen('live-screen', 'LiveScreen'),
  calls: screen('calls-screen', 'CallsScreen'),
  call: screen('call-screen', 'CallScreen'),
  deliveries: screen('deliveries-screen', 'DeliveriesScreen'),
  analytics: screen('analytics-screen', 'AnalyticsScreen'),
  destinations: screen('destinations-screen', 'DestinationsScreen'),
  destination: screen('destination-screen', 'DestinationScreen'),
  settings: screen('settings-screen', 'SettingsScreen'),
};

export function App() {
  if (session.value === undefined) return <Opening />;
  if (session.value === null) return <SignIn />;
  return (
    <Shell>
      <Screen />
    </Shell>
  );
}

function Screen() {
  const { path } = location.value;
  const route = toRoute(path);
  if (route === undefined) return <NotFound />;
  const Chosen = SCREENS[route.screen];
  // Keyed by screen, not by path: going from one call to the next keeps what stays the same.
  return (
    <ScreenBoundary key={route.screen} title={route.title} resetKey={path}>
      <Chosen id={route.id} />
    </ScreenBoundary>
  );
}

function screen(file: string, name: string): ComponentType<ScreenProps> {
  const path = Object.keys(modules).find((one) => one.endsWith(`/${file}.tsx`));
  const load = path === undefined ? undefined : modules[path];
  return lazyScreen(async () => {
    const component = (await load?.())?.[name];
    if (component === undefined) throw new Error(`There is no ${name}.`);
    return component;
  });
}
