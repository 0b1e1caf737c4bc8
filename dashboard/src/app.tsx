/** Who is signed in decides between sign-in and shell; the path decides the screen in it. */
import { useEffect } from 'preact/hooks';
import type { ComponentType } from 'preact';
import type { ScreenName } from './data/routes.ts';
import type { ScreenProps } from './shell/lazy-screen.tsx';

import { go, location } from './data/location.ts';
import { toRoute } from './data/routes.ts';
import { session } from './data/session.ts';
import { lazyScreen } from './shell/lazy-screen.tsx';
import { NotFound } from './shell/not-found.tsx';
import { Opening } from './shell/opening.tsx';
import { ScreenBoundary } from './shell/screen-boundary.tsx';
import { Shell } from './shell/shell.tsx';
import { SignIn } from './shell/sign-in.tsx';

/** Each is a file of its own, fetched when it is first gone to. */
const SCREENS: Readonly<Record<ScreenName, ComponentType<ScreenProps>>> = {
  live: lazyScreen(async () => (await import('./screens/live/live-screen.tsx')).LiveScreen),
  calls: lazyScreen(async () => (await import('./screens/calls/calls-screen.tsx')).CallsScreen),
  call: lazyScreen(async () => (await import('./screens/calls/call-screen.tsx')).CallScreen),
  deliveries: lazyScreen(
    async () => (await import('./screens/deliveries/deliveries-screen.tsx')).DeliveriesScreen,
  ),
  analytics: lazyScreen(
    async () => (await import('./screens/analytics/analytics-screen.tsx')).AnalyticsScreen,
  ),
  destinations: lazyScreen(
    async () => (await import('./screens/destinations/destinations-screen.tsx')).DestinationsScreen,
  ),
  destination: lazyScreen(
    async () => (await import('./screens/destinations/destination-screen.tsx')).DestinationScreen,
  ),
  settings: lazyScreen(async () => (await import('./screens/settings/settings-screen.tsx')).SettingsScreen),
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
  if (route.redirect !== null) return <Redirect href={route.redirect} />;
  const Chosen = SCREENS[route.screen];
  // Keyed by screen, not by path: going from one call to the next keeps what stays the same.
  return (
    <ScreenBoundary key={route.screen} title={route.title} resetKey={path}>
      <Chosen id={route.id} />
    </ScreenBoundary>
  );
}

function Redirect({ href }: { readonly href: string }) {
  useEffect(() => go(href, { replace: true }), [href]);
  return null;
}
