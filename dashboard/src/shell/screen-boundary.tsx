/** A fault in one screen is told in its place; the rest of the page goes on. */
import { Component } from 'preact';
import type { ComponentChildren } from 'preact';

import { Button } from '../components/button.tsx';
import { ProblemNote } from '../components/problem.tsx';
import { ApiFault, toApiFault } from '../data/api.ts';

interface Props {
  /** Name of the screen. */
  readonly title: string;
  /** Another one, and it is tried again. */
  readonly resetKey: string;
  readonly children: ComponentChildren;
}

interface State {
  readonly fault: ApiFault | null;
  readonly resetKey: string;
}

export class ScreenBoundary extends Component<Props, State> {
  constructor(props: Props) {
    super(props);
    this.state = { fault: null, resetKey: props.resetKey };
  }

  static override getDerivedStateFromError(error: unknown): Partial<State> {
    return { fault: toApiFault(error) };
  }

  static override getDerivedStateFromProps(props: Props, state: State): Partial<State> | null {
    return props.resetKey === state.resetKey ? null : { fault: null, resetKey: props.resetKey };
  }

  override componentDidCatch(error: unknown): void {
    // For whoever looks into it; the page shows it in words. What the hub did not give is no bug of the page.
    if (!(error instanceof ApiFault)) reportError(error);
  }

  override render() {
    const { fault } = this.state;
    if (fault === null) return this.props.children;
    return (
      <div class="screen-fault">
        <h1>{this.props.title}</h1>
        <ProblemNote fault={fault} onRetry={() => this.setState({ fault: null })} />
        <Button icon="retry" onClick={() => globalThis.location.reload()}>
          Reload the page
        </Button>
      </div>
    );
  }
}
