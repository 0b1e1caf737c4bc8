/** Waits for a fact, however long it takes within the limit; tests never sleep for a guessed time. */
export async function waitFor<Fact>(
  read: () => Fact | undefined | false | Promise<Fact | undefined | false>,
  what: string,
  limitMs = 30_000,
): Promise<Fact> {
  const untilMs = performance.now() + limitMs;
  for (;;) {
    const fact = await read();
    if (fact !== undefined && fact !== false) return fact;
    if (performance.now() > untilMs) throw new Error(`Waited ${limitMs} ms in vain: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
