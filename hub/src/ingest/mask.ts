/** Call ids and paths may hold phone numbers, which log lines must not: first two and last two digits stay. */
export function maskNumbers(text: string): string {
  if (!/\d{6}/.test(text)) return text;
  return text.replace(/\+\d{6,}|(?<![0-9A-Za-z])\d{8,}(?![0-9A-Za-z])/g, (number) => {
    const lead = number.startsWith('+') ? 3 : 2;
    return number.slice(0, lead) + '•'.repeat(number.length - lead - 2) + number.slice(-2);
  });
}
