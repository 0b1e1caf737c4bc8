/**
 * A B C, B C A, C A B …: every contestant gets a short turn in every round, and each round begins with
 * another one. A machine that is slow for ten seconds is then slow for all, and the ratios stay.
 */
export async function runRounds<Name extends string, Measure>(
  names: readonly Name[],
  rounds: number,
  measure: (name: Name) => Promise<Measure>,
): Promise<ReadonlyMap<Name, readonly Measure[]>> {
  const measures = new Map<Name, Measure[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length] as Name;
      measures.get(name)?.push(await measure(name));
    }
  }
  return measures;
}
