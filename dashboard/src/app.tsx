/** Who is signed in decides between sign-in and shell; the path decides the screen in it. */
import { useEffect } from 'preact/hooks';
import type { ComponentType } from 'preact';
import type { ScreenName, ScreenProps } from './data/routes.ts';

import { go, location } from './data/location.ts';
import { toRoute } from './data/routes.ts';
import { session } from './data/session.ts';
import { AnalyticsScreen } from './screens/analytics/analytics-page.ts';
import { CallScreen } from './screens/calls/call-screen.tsx';
import { CallsScreen } from './screens/calls/calls-screen.tsx';
import { DeliveriesScreen } from './screens/deliveries/deliveries-screen.tsx';
import { DestinationScreen } from './screens/destinations/destination-setup.ts';
import { DestinationsScreen } from './screens/destinations/destinations-screen.tsx';
import { LiveScreen } from './screens/live/live-screen.tsx';
import { SettingsScreen } from './screens/settings/settings-screen.tsx';
import { NotFound } from './shell/not-found.tsx';
import { Opening } from './shell/opening.tsx';
import { ScreenBoundary } from './shell/screen-boundary.tsx';
import { Shell } from './shell/shell.tsx';
import { SignIn } from './shell/sign-in.tsx';

/** All in one file, but for analytics and a destination's page: compressed apart, a file for each weighs 15 kB more in all. */
const SCREENS: Readonly<Record<ScreenName, ComponentType<ScreenProps>>> = {
  live: LiveScreen,
  calls: CallsScreen,
  call: CallScreen,
  deliveries: DeliveriesScreen,
  analytics: AnalyticsScreen,
  destinations: DestinationsScreen,
  destination: DestinationScreen,
  settings: SettingsScreen,
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
