/** Parts that a screen does not need to be shown, but that people type into the moment they ask for them. */
import { type Component, defineAsyncComponent, defineComponent, h, shallowRef } from 'vue';

/**
 * A component that is loaded from now on. Once it is there it appears in the turn in which it is asked for, so what is typed next is for
 * it; an asynchronous component appears some turns later.
 */
export function ahead(load: () => Promise<{ default: Component }>): Component {
  const loaded = shallowRef<Component | null>(null);
  const late = defineAsyncComponent(load);
  // Who asks for it tries again.
  load().then((part) => (loaded.value = part.default), () => {});
  return defineComponent({ inheritAttrs: false, setup: (_, { attrs, slots }) => () => h(loaded.value ?? late, attrs, slots) });
}
