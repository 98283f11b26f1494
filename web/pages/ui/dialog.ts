import type { Texts } from '@centralita/lib/i18n';

import { h, setText, whileBusy } from './dom.ts';
import { problemText } from './words.ts';

/**
 * Asks for something before an action that cannot be undone. The dialog stays open, with the reason, when the action is refused;
 * closing it gives the focus back to where it was.
 */
export function askInDialog(
  texts: Texts,
  options: {
    readonly title: string;
    readonly explanation: string;
    readonly fields: readonly Node[];
    readonly submit: string;
    readonly canSubmit?: boolean;
    readonly act: () => Promise<unknown>;
    /** After the dialog is gone: what had the focus before may be gone too. */
    readonly done?: () => void;
  },
): HTMLDialogElement {
  const problem = h('p', { class: 'problem', role: 'alert' });
  const confirm = h('button', { class: 'primary', disabled: options.canSubmit === false }, options.submit);
  const cancel = h('button', { type: 'button', onclick: () => dialog.close() }, texts.t('dialog.cancel'));
  const act = whileBusy([confirm], async () => {
    setText(problem, '');
    try {
      await options.act();
    } catch (error) {
      setText(problem, problemText(texts, error));
      return;
    }
    dialog.close();
    options.done?.();
  });
  const submit = (event: Event) => {
    event.preventDefault();
    act();
  };
  const dialog = h(
    'dialog',
    { 'aria-labelledby': 'dialog-title', 'aria-describedby': 'dialog-explanation', onclose: () => dialog.remove() },
    h(
      'form',
      { onsubmit: submit },
      h('h2', { id: 'dialog-title' }, options.title),
      h('p', { id: 'dialog-explanation' }, options.explanation),
      ...options.fields,
      problem,
      h('p', { class: 'buttons' }, confirm, cancel),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
