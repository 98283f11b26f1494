/** What every page does first: the language, then the page itself; again when the language changes. */

import { chooseLanguage, loadTexts, rememberedLanguage, rememberLanguage, type Language, type Texts } from '@centralita/lib/i18n';

import { languageSelect } from './header.ts';

export interface Page {
  /** Builds everything shown, in this language. What was typed must survive it. */
  build(texts: Texts, language: () => HTMLElement): readonly Node[];
}

export async function open(page: Page): Promise<void> {
  const show = async (language: Language) => {
    const texts = await loadTexts(language);
    document.documentElement.lang = language;
    const choose = (chosen: Language) => {
      rememberLanguage(chosen);
      void show(chosen);
    };
    document.body.replaceChildren(...page.build(texts, () => languageSelect(texts, choose)));
  };
  await show(chooseLanguage(navigator.languages, rememberedLanguage()));
}
