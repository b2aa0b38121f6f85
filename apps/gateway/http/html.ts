const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** A text as it may stand in a page, between tags and in quoted attributes. */
export const html = (text: unknown): string => String(text ?? '').replace(/[&<>"']/g, (mark) => escapes[mark]!);
