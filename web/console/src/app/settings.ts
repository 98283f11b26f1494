/** What a person set for themselves: kept with their profile, and here for the time the server is away. */

import { chooseLanguage, rememberedLanguage } from '@centralita/lib/i18n';
import { reactive, watch } from 'vue';

import { me, onEnter, signedIn, desk } from './session.ts';
import { keepLook } from './look.ts';
import { setLanguage } from './texts.ts';

export type Theme = 'system' | 'light' | 'dark' | 'contrast';
export type SoundName = 'assigned' | 'message' | 'offer' | 'warning' | 'lost';
export const SOUNDS: readonly SoundName[] = ['assigned', 'offer', 'message', 'warning', 'lost'];

const DEFAULTS = {
  theme: 'system' as Theme,
  density: 'compact' as 'compact' | 'comfortable',
  font: 100,
  sounds: { assigned: true, offer: true, message: true, warning: true, lost: true } as Record<SoundName, boolean>,
  volume: 70,
  repeat: true,
  notifications: true,
  show_text: false,
  single_keys: true,
  /** Of actions by name; `''` = none, `null` = as it was: the server merges, it forgets nothing. */
  keys: {} as Record<string, string | null>,
  send_with: 'enter' as 'enter' | 'ctrl+enter',
  sort: 'unanswered' as 'unanswered' | 'oldest' | 'newest' | 'unread',
  context: true,
  list_width: 340,
  recent_dispositions: [] as string[],
  shift_day: '',
};
export type Settings = typeof DEFAULTS;

export const settings = reactive<Settings>(structuredClone(DEFAULTS));

const SAVE_AFTER_MS = 800;
let timer: ReturnType<typeof setTimeout> | undefined;
let loading = false;
const place = () => `centralita.settings.${me.value || 'nobody'}`;

function assign(from: unknown): void {
  if (typeof from !== 'object' || from === null) return;
  for (const [name, value] of Object.entries(from)) {
    if (name in DEFAULTS && typeof value === typeof DEFAULTS[name as keyof Settings]) Object.assign(settings, { [name]: value });
  }
}

function local(): unknown {
  try {
    return JSON.parse(localStorage.getItem(place()) ?? 'null');
  } catch {
    return null;
  }
}

onEnter((profile) => {
  loading = true;
  const language = profile.language;
  // On a computer where nobody chose, the person's own language.
  if (language !== null && rememberedLanguage() === null) void setLanguage(chooseLanguage([language], null), false);
  Object.assign(settings, structuredClone(DEFAULTS));
  assign(local());
  assign(profile.settings);
  queueMicrotask(() => (loading = false));
});

watch(
  settings,
  () => {
    keepLook(settings.theme, settings.density, settings.font);
    if (loading || !signedIn.value) return;
    try {
      localStorage.setItem(place(), JSON.stringify(settings));
    } catch {
      // Then they hold until the page is closed, unless the server keeps them.
    }
    clearTimeout(timer);
    timer = setTimeout(() => void save(), SAVE_AFTER_MS);
  },
  { deep: true, flush: 'sync' },
);

async function save(): Promise<void> {
  try {
    await desk.changeMe({ settings: JSON.parse(JSON.stringify(settings)) as Record<string, unknown> });
  } catch (error) {
    // Kept here at least; the next change tries again.
    console.warn('the settings were not saved', error);
  }
}
