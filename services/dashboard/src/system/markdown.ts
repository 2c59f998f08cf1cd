/** A model card's Markdown as tokens that our own components draw. Nothing of it is ever taken for HTML. */
import { Lexer, type Token } from 'marked';

export type { Token, Tokens } from 'marked';

export const tokensOf = (markdown: string): Token[] => new Lexer({ gfm: true }).lex(markdown);

/** Only addresses that a card may lead to; anything else stays text. */
export function safeHref(href: string): string | undefined {
  return /^https?:\/\//i.test(href) ? href : undefined;
}
