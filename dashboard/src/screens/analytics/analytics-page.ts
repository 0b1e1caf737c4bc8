/** Analytics comes as a file of its own, with the charts that only it has: who watches calls or mends them waits for none. */
import { defineLazy } from '../../components/lazy.tsx';
import { SECTION_TITLES } from '../../data/routes.ts';

export const AnalyticsScreen = defineLazy(
  async () => (await import('./analytics-screen.tsx')).AnalyticsScreen,
  SECTION_TITLES.analytics,
);
