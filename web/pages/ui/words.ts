/** What went wrong, in words. */

import { isSignedOut, ProblemError } from '@centralita/lib/api';
import type { Key, Texts } from '@centralita/lib/i18n';

/** What went wrong, for the person who tried. */
export function problemText(texts: Texts, error: unknown): string {
  if (!(error instanceof ProblemError)) return texts.t('problem.unreachable');
  if (isSignedOut(error)) return texts.t('error.signed_out_session');
  return codeText(texts, error.code);
}

/** Codes that people meet on these pages have their own sentence, the rest share one that names the code. */
export function codeText(texts: Texts, code: string): string {
  const key = `error.${code}`;
  return key in texts.catalogue ? texts.t(key as Key) : texts.t('problem.other', { code });
}
