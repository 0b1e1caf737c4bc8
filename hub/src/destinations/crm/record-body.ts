/** The facts of a call as HTML, for CRMs that show a call's notes as such: what callers and sources wrote stays text. */
import type { CallRecord } from './call-record.ts';

/** Elements are the port's own: paragraphs, bold labels, line breaks and one link. */
export function toHtmlBody({ facts, link }: Pick<CallRecord, 'facts' | 'link'>): string {
  const paragraphs = facts.map(({ label, text }) => {
    const shown = escapeHtml(text).replaceAll(/\r\n|\r|\n/g, '<br>');
    return label === null ? `<p>${shown}</p>` : `<p><strong>${escapeHtml(label)}:</strong> ${shown}</p>`;
  });
  if (link !== null) paragraphs.push(`<p><a href="${escapeHtml(link)}">Open this call in Offhook</a></p>`);
  return paragraphs.join('');
}

/** The same as plain text. */
export function toTextBody({ facts, link }: Pick<CallRecord, 'facts' | 'link'>): string {
  const lines = facts.map(({ label, text }) => (label === null ? text : `${label}: ${text}`));
  if (link !== null) lines.push(link);
  return lines.join('\n');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  // Control characters have no meaning in HTML, and some CRMs refuse a whole record for one.
  return (
    text
      // oxlint-disable-next-line no-control-regex -- what is taken out are the control characters.
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '')
      .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
  );
}
