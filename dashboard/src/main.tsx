/** Starts what lives as long as the page, then shows it. */
import './styles/layers.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import { render } from 'preact';

import { App } from './app.tsx';
import { startClock } from './data/clock.ts';
import { startLocation } from './data/location.ts';
import { startResources } from './data/resource.ts';
import { startSession } from './data/session.ts';
import { startStream } from './data/stream.ts';
import { startTitle } from './data/title.ts';
import { startAppearance } from './shell/appearance.ts';

startAppearance();
startLocation();
startTitle();
startClock();
startSession();
startResources();
startStream();

const root = document.getElementById('app');
if (root !== null) render(<App />, root);
