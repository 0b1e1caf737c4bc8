/** Which path is which screen. */

export type ScreenName =
  | 'live'
  | 'calls'
  | 'call'
  | 'deliveries'
  | 'analytics'
  | 'destinations'
  | 'destination'
  | 'settings';

export interface Route {
  readonly screen: ScreenName;
  /** Of the navigation: a call belongs to Calls. */
  readonly section: Section;
  readonly title: string;
  /** What stands in the path after the screen's own name; null where nothing does. */
  readonly id: string | null;
  /** Where it is really shown; null where it is here. */
  readonly redirect: string | null;
}

export interface ScreenProps {
  /** What stands in the path after the screen's name: a call, a destination. */
  readonly id: string | null;
}

export const SECTIONS = ['live', 'calls', 'deliveries', 'analytics', 'destinations', 'settings'] as const;
export type Section = (typeof SECTIONS)[number];

export const SECTION_TITLES: Readonly<Record<Section, string>> = {
  live: 'Live',
  calls: 'Calls',
  deliveries: 'Deliveries',
  analytics: 'Analytics',
  destinations: 'Destinations',
  settings: 'Settings',
};

/** undefined where there is no such page. */
export function toRoute(path: string): Route | undefined {
  const [, name = '', ...rest] = path.split('/');
  const section = name === '' ? 'live' : SECTIONS.find((one) => one === name);
  if (section === undefined || rest.length > 1) return undefined;
  const id = decode(rest[0] ?? '');
  if (id === undefined) return undefined;
  const title = SECTION_TITLES[section];
  if (id === null) return { screen: section, section, title, id, redirect: null };
  switch (section) {
    case 'calls':
      return { screen: 'call', section, title: 'Call', id, redirect: null };
    case 'destinations':
      return { screen: 'destination', section, title: 'Destination', id, redirect: null };
    // One delivery is shown in the drawer over the list, one group of settings as its tab.
    case 'deliveries':
      return { screen: section, section, title, id: null, redirect: toDeliveryHref(id) };
    case 'settings':
      return {
        screen: section,
        section,
        title,
        id: null,
        redirect: `/settings?tab=${encodeURIComponent(id)}`,
      };
    case 'live':
    case 'analytics':
      return undefined;
  }
}

/** Ids of calls are the source's own: anything may stand in them. */
export function toCallHref(callId: string): string {
  return `/calls/${encodeURIComponent(callId)}`;
}

export function toDestinationHref(destinationId: string): string {
  return `/destinations/${encodeURIComponent(destinationId)}`;
}

export function toDeliveryHref(deliveryId: string): string {
  return `/deliveries?delivery=${encodeURIComponent(deliveryId)}`;
}

function decode(text: string): string | null | undefined {
  try {
    return text === '' ? null : decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
